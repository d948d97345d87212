// The state machines of the AT layer and of the outbox as tables; those of the upper floors, and how a table is read, are in tables.ts.
import type { Machine } from "./tables.js";

export const SESSION: Machine = {
  title: "The command session",
  about:
    "`PHASES` in core/at/sync.ts: one AT command at a time. Events are what the modem says, what the upper floors call, and time.",
  states: {
    idle: "nothing runs; commands may wait for their guard time, or until they are wanted",
    prompt: "a command is out, its data prompt is waited for",
    result: "its final result is waited for",
    held: "a prompt or a result came that may be part of a message: the clean one may follow, or silence",
    calling: "AT until a clean OK",
    settling: "OK has come; the line has to fall silent",
  },
  events: {
    command: "a query is queued",
    publish: "a command with the prompt `>` is queued",
    upload: "a command with the prompt `CONNECT` is queued",
    sync: "synchronise",
    reset: "everything is called off",
    open: "commands may be sent",
    close: "commands are to wait",
    OK: "`OK`",
    ERROR: "`ERROR`",
    answer: "an information line",
    URC: "a URC",
    prompt: "`> `",
    CONNECT: "`CONNECT`",
    message: "a `+QMTRECV`: what comes before the next silence may be part of it",
    overrun: "received bytes were lost",
    timer: "the next timer fires: guard, time-out, hold, silence",
  },
  rows: `
idle
  sync -> calling
  timer -> idle prompt result calling
  command; publish; upload; reset; open; close; OK; ERROR; answer; URC; prompt; CONNECT; message; overrun -> idle
prompt
  sync -> calling
  reset -> idle
  OK; answer; URC; message -> prompt held
  ERROR -> idle held
  prompt; CONNECT -> prompt result held
  timer -> prompt result calling
  command; publish; upload; open; close; overrun -> prompt
result
  sync -> calling
  reset -> idle
  OK; ERROR -> idle held
  timer -> result calling
  command; publish; upload; open; close; answer; URC; prompt; CONNECT; message; overrun -> result
held
  sync -> calling
  reset -> idle
  OK; ERROR -> idle held
  answer; prompt; CONNECT -> result held
  timer -> idle result held calling
  command; publish; upload; open; close; URC; message; overrun -> held
calling
  reset -> idle
  OK -> calling settling
  timer -> idle calling settling
  command; publish; upload; sync; open; close; ERROR; answer; URC; prompt; CONNECT; message; overrun -> calling
settling
  sync -> calling
  reset -> idle
  timer -> idle settling
  command; publish; upload; open; close; OK; ERROR; answer; URC; prompt; CONNECT; message; overrun -> settling
`,
};

const FRAMER_EVENTS = {
  line: "a line that may stand behind a message",
  "unknown line": "one that nobody knows",
  "half a line": "bytes without a line end",
  "line end": "an empty line, or the rest of one",
  message: "a `+QMTRECV`",
  "half a message": "one whose length says that more is to come",
  "doubtful message": "one whose length may be part of a longer topic",
  "topic with its rest": "a message that may have held the end of its own, longer topic",
  "rest of a topic": "a line that could be the end of that topic",
  proof: "a line that nobody but the modem can have said",
  prompt: "`> `",
  gathered: "a chunk that the host has gathered for longer than a silence",
  awaited: "a prompt is looked for from now on",
  lengths: "messages tell their lengths from now on",
  overrun: "received bytes were lost",
  reset: "all is forgotten, as after a power cut",
  timer: "the line was silent, or bytes have come since it was last looked at",
};

export const KIND: Machine = {
  title: "What a line may be",
  about: "`KINDS` in core/at/framer.ts. Events are what comes, and silence.",
  states: {
    own: "the modem's own",
    unsure: "payload, if the length of a message was none: what comes waits for the silence that tells",
    dubious: "lines may be part of a message, messages are the modem's, until the line is silent",
    payload: "may be part of a message, until the line is silent",
  },
  events: FRAMER_EVENTS,
  rows: `
own
  line; unknown line; line end; message; half a message; rest of a topic; proof; prompt -> own payload
  doubtful message -> own unsure payload
  topic with its rest -> own dubious payload
  gathered -> own unsure dubious payload
  overrun -> payload
  half a line; awaited; lengths; reset; timer -> own
unsure
  line; unknown line; line end; message; half a message; doubtful message; proof; prompt -> unsure payload
  topic with its rest -> dubious payload
  rest of a topic; overrun -> payload
  gathered -> unsure dubious payload
  reset -> own
  timer -> own unsure
  half a line; lengths -> unsure
dubious
  line; unknown line; message; half a message; doubtful message; topic with its rest; rest of a topic;
    proof; gathered -> dubious payload
  overrun -> payload
  reset -> own
  timer -> own dubious
  half a line; line end; prompt; lengths -> dubious
payload
  reset -> own
  timer -> own payload
  line; unknown line; half a line; line end; message; half a message; doubtful message;
    topic with its rest; rest of a topic; proof; prompt; gathered; lengths; overrun -> payload
`,
};

export const MESSAGE: Machine = {
  title: "The message under way",
  about: "Beside it, in the framer. Events are those above.",
  states: {
    none: "what comes are lines",
    searched: "it ends at a silence, or in front of a line that could be the modem's",
    counted: "it ends with its last byte, whatever that is",
    spoilt: "bytes of it are missing: it is not handed over",
  },
  events: FRAMER_EVENTS,
  rows: `
none
  message; doubtful message; topic with its rest -> none searched
  half a message -> searched counted
  line; unknown line; half a line; line end; rest of a topic; proof; prompt; gathered; awaited; lengths;
    overrun; reset; timer -> none
searched
  line; gathered; reset -> none
  overrun -> spoilt
  timer -> none searched
  unknown line; half a line; line end; message; half a message; doubtful message; topic with its rest;
    rest of a topic; proof; prompt; lengths -> searched
counted
  line; unknown line; rest of a topic; proof; gathered; reset -> none
  line end; prompt -> none counted
  message; doubtful message; topic with its rest -> none searched
  half a message -> none searched counted
  overrun -> spoilt
  half a line; lengths; timer -> counted
spoilt
  line; gathered; reset -> none
  message; half a message; doubtful message; topic with its rest -> searched
  timer -> none spoilt
  unknown line; half a line; line end; rest of a topic; proof; prompt; lengths; overrun -> spoilt
`,
};

export const PACKET: Machine = {
  title: "A packet in the outbox",
  about: "PUBLISH, SUBSCRIBE or UNSUBSCRIBE. Events are how its command ends, what the modem says of it, and the link.",
  states: {
    none: "not asked for yet",
    waiting: "for the link, or for its turn",
    handing: "its command runs",
    cut: "its command runs, and the link is gone",
    inflight: "the modem has it, its verdict is waited for",
    unproven: "so, and a verdict came that may be part of a message while somebody guesses message IDs",
    discredited: "so, and that verdict does not count any more",
    done: "its callback has come",
  },
  events: {
    publish: "a PUBLISH with QoS 1",
    "publish again": "one that may be sent twice",
    "publish QoS 0": "one without a message ID",
    subscribe: "a SUBSCRIBE",
    open: "the link is there",
    lost: "the link is gone",
    end: "the client ends",
    OK: "the modem has taken it",
    refused: "`+CME ERROR`",
    "CME 8503": "no connection",
    "CME 8512": "its window is full",
    "time-out": "no final result behind the data",
    "no prompt": "no prompt in time",
    unproven: "the final result behind the data may be part of a message",
    "unproven prompt": "what came instead of the prompt may be",
    "verdict 0": "acknowledged",
    "verdict 1": "sent once more by the modem",
    "verdict 2": "given up by the modem",
    "?verdict 0": "the same line glued to a message, with the right message ID",
    "?verdict 1": "the same",
    "?verdict 2": "the same",
    "?wrong ID": "a verdict glued to a message, with another message ID: somebody guesses",
    "bytes lost": "a verdict may have been among them",
    timer: "a second has passed",
  },
  rows: `
none
  publish; publish again; publish QoS 0; subscribe -> waiting handing
  open; lost; end; verdict 0; verdict 1; verdict 2; ?verdict 0; ?verdict 1; ?verdict 2; ?wrong ID;
    bytes lost -> none
waiting
  open; timer -> handing
  end -> done
  lost; verdict 0; verdict 1; verdict 2; ?verdict 0; ?verdict 1; ?verdict 2; ?wrong ID; bytes lost -> waiting
handing
  lost -> cut
  OK; time-out; unproven -> inflight unproven discredited
  refused; verdict 0; verdict 2 -> done
  CME 8503; CME 8512 -> waiting done
  no prompt; unproven prompt; ?verdict 0; ?verdict 2 -> handing done
  end; verdict 1; ?verdict 1; ?wrong ID; bytes lost -> handing
cut
  OK; refused; CME 8503; CME 8512; time-out; no prompt; unproven; unproven prompt -> waiting handing done
  open; lost; end; verdict 0; verdict 1; verdict 2; ?verdict 0; ?verdict 1; ?verdict 2; ?wrong ID;
    bytes lost -> cut
inflight
  lost -> waiting done
  verdict 0; verdict 2 -> done
  ?verdict 0; ?verdict 2 -> inflight unproven discredited done
  timer -> handing inflight done
  end; verdict 1; ?verdict 1; ?wrong ID; bytes lost -> inflight
unproven
  lost -> waiting done
  verdict 0; verdict 2; timer -> done
  verdict 1 -> inflight
  ?verdict 0; ?verdict 2 -> unproven discredited
  ?verdict 1; bytes lost -> discredited
  end; ?wrong ID -> unproven
discredited
  lost -> waiting done
  verdict 0; verdict 2 -> done
  verdict 1 -> inflight
  timer -> discredited done
  end; ?verdict 0; ?verdict 1; ?verdict 2; ?wrong ID; bytes lost -> discredited
done
  open; lost; end; OK; refused; CME 8503; CME 8512; time-out; no prompt; unproven; unproven prompt;
    verdict 0; verdict 1; verdict 2; ?verdict 0; ?verdict 1; ?verdict 2; ?wrong ID; bytes lost; timer -> done
`,
};
