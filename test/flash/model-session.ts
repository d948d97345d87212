// A flashing session with a model of a board, without any port. The model answers in its own time, not within the write.
import type { ExecutionContext } from "ava";
import { type Link, Session } from "../../flash/board/session.js";
import { type ModelOptions, ReplModel } from "./repl-model.js";

/** @param old - a board whose files the new one has */
export function connect(t: ExecutionContext, options: ModelOptions = {}, old?: ReplModel) {
  const model = new ReplModel(options);
  for (const [name, data] of old?.files ?? []) model.files.set(name, data);
  const link: Link = {
    onData: () => {},
    onClose: () => {},
    write: (data) =>
      new Promise((resolve) =>
        setImmediate(() => {
          model.receive(data);
          resolve();
        }),
      ),
  };
  model.onOutput = (data) => setImmediate(() => link.onData(data));
  t.teardown(() => model.close());
  return { model, link, session: new Session(link) };
}
