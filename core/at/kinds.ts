// What the numbers of framer and session mean: what kind of line comes now, whether chunks are taken. Constants only.

// What a line may be that comes now. What leads from one to the other is drawn in docs/states.md.

/** The modem's own. */
export const OWN = 0;
/** Payload, if the length of a message in front was no length, which shows before the line is silent: all waits until then. */
export const UNSURE = 1;
/** Lines are, as the message in front may have held the end of its own topic; messages are the modem's. */
export const DUBIOUS = 2;
/** Payload: a message was cut, or bytes were lost, since the last silence. */
export const PAYLOAD = 3;

/** The same by name, for the model check. */
export const KINDS = ["own", "unsure", "dubious", "payload"];

// What stands where else a number of received bytes does, up to which all is as usual.

/** A sink function may be running. */
export const BUSY = -1;
/** And behind what has arrived from inside it bytes are missing. */
export const MISSED = -2;
/** Bytes go missing. */
export const DEAF = -3;

/** ms of silence after which a message whose line end never came is handed over all the same: 512 bytes at 9600 baud take a host no longer to gather. */
export const PATIENCE = 560;

/** A prompt on an unfinished line has less noise than this in front of it; bounds the looking for it. */
export const NOISE = 16;

/** A message under way of which bytes are missing: it is not handed over. No message looks like this. */
export const LOST = "\0";
