// Runs inside Espruino behind scripted-modem.js: messages fed to the module under test in chunks, and the same chunks to nobody, to know
// what the feeding costs. Each measured part stands between two calls of E.kickWatchdog, where callgrind cuts. The bench puts PLAN
// and the module in front of it.

// Counted up by the part of the script that stands behind this one.
const tally = { got: 0 };

function messages(size, count) {
  let one = '\r\n+QMTRECV: 0,0,"a/b/c",';
  while (one.length < size - 2) one += "x";
  one += "\r\n";
  let all = "";
  for (let i = 0; i < count; i++) all += one;
  return all;
}

function nobody(_chunk) {}

function pass(chunks, ear) {
  E.kickWatchdog();
  for (let k = 0; k < chunks.length; k++) ear(chunks[k]);
  E.kickWatchdog();
}

function part(plan) {
  const all = messages(plan.size, plan.count);
  const chunks = [];
  for (let i = 0; i < all.length; i += plan.chunk) chunks.push(all.substr(i, plan.chunk));
  pass(chunks, feed);
  pass(chunks, nobody);
}

function finish() {
  E.kickWatchdog();
  print("RESULT " + JSON.stringify({ got: tally.got }));
}

// A command and its answer: all that a driver does while it idles.
function ask() {
  E.kickWatchdog();
  if (tally.ask) tally.ask(finish);
  else finish();
}

function run() {
  PLAN.forEach(part);
  // The silence behind the last message ends it.
  setTimeout(ask, 500);
}
