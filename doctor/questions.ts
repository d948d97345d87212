// What nobody could say of an M95 so far, by number: each check-up of a real one answers some of it.

/** Those of the facts sheet, section 9, then those of its second part. */
export const questions: Readonly<Record<number, string>> = {
  1: "How long may a command line be?",
  2: "Is there AT+QSCLK=2?",
  3: "Which modes has AT+CMUX?",
  4: "How long does AT+QSECWRITE wait by default, and what is its fourth argument?",
  5: "Has AT+QCCID a prefix?",
  6: "How deep are the dips of VBAT, how high is VDD_EXT?",
  7: "How long from the press of PWRKEY to the first answer?",
  8: "Does AT+QMTOPEN activate the PDP context by itself?",
  9: "In which form does +QMTRECV come?",
  10: "Which of 0x00, 0x1A, 0x1B can a payload hold?",
  11: "What does ESC at the prompt print?",
  12: "Does a sixth publish in flight get 8512?",
  13: "Does +QMTCLOSE come?",
  14: "Is result 1 of AT+QMTPUB followed by a final one?",
  15: "Does +QMTRECV wait for DTR while the modem sleeps, and does it send PINGREQ?",
  16: "What current does it draw in GPRS?",
  17: "Is the UART ready 20 or 600 ms behind DTR low?",
  18: "Which URCs pulse RI?",
};
