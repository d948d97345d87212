// One thread of the command-line fuzzer: tries its share of the inputs, tells its progress and the first failure.
import { parentPort, workerData } from "node:worker_threads";
import { failureOf, makeInput, readCorpus } from "./campaign.js";

/** What a thread is to do: each `step`-th input from `first` on. */
export interface Share {
  seed: number;
  first: number;
  step: number;
  inputs: number;
}

export type Report = { tried: number; bytes: number; failed?: number };

/** Inputs between two reports. */
const REPORT = 1000;

const { seed, first, step, inputs } = workerData as Share;
const corpus = readCorpus().map((one) => one.input);
let tried = 0;
let bytes = 0;
const tell = (failed?: number): void => {
  parentPort!.postMessage({ tried, bytes, failed } satisfies Report as Report);
  tried = bytes = 0;
};
for (let index = first; index < inputs; index += step) {
  const input = makeInput(seed, index, corpus);
  for (const one of input) if (one.do === "feed" || one.do === "answer") bytes += one.text.length;
  tried++;
  if (failureOf(input)) {
    tell(index);
    break;
  }
  if (tried === REPORT) tell();
}
tell();
