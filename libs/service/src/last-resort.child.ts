import { lastResort } from './last-resort.js';

lastResort('referrals');
const error = Object.assign(new Error('duplicate key'), { detail: 'Key (name)=(Zyxwana) already exists.' });
if (process.argv[2] === 'rejection') void Promise.reject(error);
else setImmediate(() => { throw error; });
