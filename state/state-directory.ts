/** Name of the state directory at the top of COS_STATE and, with copies of the log, of COS_RECOVERY. */
export const STATE_DIRECTORY = 'slotwright';
