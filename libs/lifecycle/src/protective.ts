/**
 * What protects somebody waits for no news of other services and for no assignment (W1, W3, decisions 15): withdrawals and
 * recalls, leaving, an alarm, a hold, a roof in an emergency.
 */
const protective: ReadonlySet<string> = new Set([
  'withdraw', 'refuse', 'withdrawReturn', 'personDeclines', 'declineVisit', 'exit', 'reportMissing', 'admit', 'openIntake',
  'failReception', 'recordUnaccounted', 'miss', 'cancelReception', 'placeHold', 'raiseAlert', 'suspend', 'suspendGuardian', 'suspendShelter', 'confirmDeletion', 'retireKey', 'receiveRequest', 'withdrawRequest', 'lockKeys',
]);
export const protects = (command: string): boolean => protective.has(command);
