// Plays every transcript of this folder in every cut and compares its events. The notation is explained in README.md.
import test from "ava";
import { type Cut, cutsOf, play } from "./play.js";
import { pictureOf, readFolder, type Transcript } from "./transcript.js";

// The pages are not compiled: they stay where the sources are.
const all = readFolder(new URL("../../../test/conformance/", import.meta.url));

function nameOf(transcript: Transcript, cut: Cut): string {
  if (typeof cut === "string") return cut;
  const { bytes } = transcript.steps.filter((step) => step.kind === "modem")[cut.answer]!;
  return `${pictureOf(bytes.slice(0, cut.at))} | ${pictureOf(bytes.slice(cut.at))}`;
}

for (const transcript of all)
  test(`${transcript.file} › ${transcript.title}`, (t) => {
    for (const cut of cutsOf(transcript)) {
      const name = nameOf(transcript, cut);
      try {
        const events = play(transcript, all, cut);
        if (events.join("\n") !== transcript.events.join("\n")) t.deepEqual(events, transcript.events, name);
      } catch (error) {
        if (!(error instanceof Error) || error.name === "AssertionError") throw error;
        t.fail(`${name}: ${error.message}`);
        return;
      }
    }
    t.pass();
  });

test("titles tell transcripts apart", (t) => {
  const titles = all.map((one) => one.title);
  t.deepEqual(
    titles.filter((title, i) => titles.indexOf(title) !== i),
    [],
  );
});
