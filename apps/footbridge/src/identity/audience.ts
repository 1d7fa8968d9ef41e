/** What an access token is made for. Resource servers check it as the audience. */
export const audience = 'footbridge';
