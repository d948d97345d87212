// Runs what assemble.mjs makes of functions. Part of the driver on Moddable, not of the build: written for few bytes of XS byte code.
// It checks nothing.

import { OP } from "./operations.mjs";

/** Instructions that stand at several places, by their code. */
export const phrases = [];

/** What functions mention of their modules. */
export const globals = [];

/**
 * Runs a function: `frame` has its arguments, behind them its variables and then what an expression has so far; beside these `text`,
 * `self`, of an arrow function the frame of the `outer` one, of what was called from here the frame that it came `from`, and what that was at.
 * @param {unknown[]} frame
 * @param {number} i where in the text its code begins
 */
function machine(frame, i) {
  let code = frame.text;
  let top = code.charCodeAt(i++) - 1;
  let back;
  for (;;)
    try {
      for (;;) {
        let op = code.charCodeAt(i++);
        let value;
        let object;
        let called;
        if (op > OP.last) {
          back = i;
          i = 0;
          code = phrases[op - OP.last - 1];
          continue;
        }
        // An end has no code.
        if (!(op >= 0)) {
          if (back) {
            code = frame.text;
            i = back;
            back = 0;
            continue;
          }
          op = OP.leave;
        }
        if (op <= OP.lastCounted) {
          let count = code.charCodeAt(i++) - 1;
          if (op <= OP.lastNamed) {
            value = code.substring(i, i + count);
            i += count;
            if (op >= OP.call0) {
              op -= OP.call0;
              top -= op;
              count = top--;
              object = frame[top];
              called = object[value];
              // biome-ignore format: a table
              if ("string" !== typeof called)
                value =
                  op < 1 ? object[value]()
                  : op < 2 ? object[value](frame[count])
                  : op < 3 ? object[value](frame[count], frame[count + 1])
                  : op < 4 ? object[value](frame[count], frame[count + 1], frame[count + 2])
                  : op < 5 ? object[value](frame[count], frame[count + 1], frame[count + 2], frame[count + 3])
                  : object[value](frame[count], frame[count + 1], frame[count + 2], frame[count + 3], frame[count + 4]);
            } else if (op === OP.own) value = frame.self[value];
            else if (op === OP.get) value = frame[--top][value];
            else if (op === OP.setOwn) {
              frame.self[value] = frame[--top];
              continue;
            } else if (op === OP.number) value = +value;
            else if (op === OP.words) {
              object = value;
              value = "";
              for (count = 0; count < object.length; count++) {
                op = object.charCodeAt(count) - OP.last - 1;
                value += op < 127 - OP.last ? object[count] : phrases[op];
              }
            } else if (op === OP.set) {
              top -= 2;
              frame[top][value] = frame[top + 1];
              continue;
            } else if (op === OP.field) {
              frame[--top - 1][value] = frame[top];
              continue;
            }
          } else if (op === OP.local) value = frame[count];
          else if (op === OP.global) value = globals[count];
          else if (op === OP.int) value = count;
          else if (op === OP.outer) value = frame.outer[count];
          else if (op === OP.outer2) value = frame.outer.outer[count];
          else if (op === OP.outer3) value = frame.outer.outer.outer[count];
          else if (op === OP.arrow) {
            value = arrow(frame, i);
            i += count;
          } else if (op === OP.call) {
            op = count;
            top -= count;
            count = top--;
            called = frame[top];
            // biome-ignore format: a table
            if ("string" !== typeof called)
              value =
                op < 1 ? called()
                : op < 2 ? called(frame[count])
                : op < 3 ? called(frame[count], frame[count + 1])
                : op < 4 ? called(frame[count], frame[count + 1], frame[count + 2])
                : op < 5 ? called(frame[count], frame[count + 1], frame[count + 2], frame[count + 3])
                : called(frame[count], frame[count + 1], frame[count + 2], frame[count + 3], frame[count + 4]);
          } else if (op === OP.new) {
            top -= count;
            called = frame[--top];
            // biome-ignore format: a table
            value =
              count < 1 ? new called()
              : count < 2 ? new called(frame[top + 1])
              : count < 3 ? new called(frame[top + 1], frame[top + 2])
              : count < 4 ? new called(frame[top + 1], frame[top + 2], frame[top + 3])
              : count < 5 ? new called(frame[top + 1], frame[top + 2], frame[top + 3], frame[top + 4])
              : new called(frame[top + 1], frame[top + 2], frame[top + 3], frame[top + 4], frame[top + 5]);
            called = undefined;
          } else if (op === OP.try) {
            frame.caught = i + count;
            continue;
          } else {
            if (op === OP.jump) i += count;
            else if (op === OP.back) i -= count;
            else {
              value = frame[--top];
              if (op === OP.store) frame[count] = value;
              else if (op === OP.setOuter) frame.outer[count] = value;
              else if (op === OP.ifNot) {
                if (!value) i += count;
              } else if (op === OP.if) {
                if (value) i += count;
              } else if (op === OP.chain) {
                if (value === undefined || value === null) {
                  frame[top] = undefined;
                  i += count;
                }
                top++;
              } else if (op === OP.or ? value : op === OP.and ? !value : value !== undefined && value !== null) {
                top++;
                i += count;
              }
            }
            continue;
          }
          if ("string" === typeof called) {
            frame.code = code;
            frame.i = i;
            frame.back = back;
            frame.top = top;
            const next = frame.slice(count, count + op);
            next.from = frame;
            next.self = object;
            next.text = code = called;
            frame = next;
            i = 1;
            back = 0;
            top = code.charCodeAt(0) - 1;
            continue;
          }
        } else if (op > OP.lastPlain) {
          value = frame[--top];
          object = frame[--top];
          // biome-ignore format: a table
          value =
            op === OP["+"] ? object + value
            : op === OP["==="] ? object === value
            : op === OP["!=="] ? object !== value
            : op === OP["<"] ? object < value
            : op === OP[">"] ? object > value
            : op === OP["<="] ? object <= value
            : op === OP[">="] ? object >= value
            : op === OP["-"] ? object - value
            : op === OP["*"] ? object * value
            : op === OP["/"] ? object / value
            : op === OP["%"] ? object % value
            : op === OP["&"] ? object & value
            : op === OP["|"] ? object | value
            : op === OP["^"] ? object ^ value
            : op === OP["<<"] ? object << value
            : op === OP[">>"] ? object >> value
            // biome-ignore lint/suspicious/noDoubleEquals: as it says
            : op === OP["=="] ? object == value
            // biome-ignore lint/suspicious/noDoubleEquals: as it says
            : op === OP["!="] ? object != value
            : object instanceof value;
        } else if (op === OP.this) value = frame.self;
        else if (op === OP.true) value = true;
        else if (op === OP.false) value = false;
        else if (op === OP.null) value = null;
        else if (op === OP.object) value = {};
        else if (op === OP.array) value = [];
        else if (op === OP.dup) value = frame[top - 1];
        else if (op === OP.endTry) {
          frame.caught = 0;
          continue;
        } else if (op > OP.undefined) {
          if (op !== OP.leave) value = frame[--top];
          if (op === OP.drop) continue;
          if (op <= OP.return) {
            object = frame;
            frame = frame.from;
            if (!frame) return value;
            // An arrow function may keep it.
            object.from = 0;
            code = frame.code;
            i = frame.i;
            back = frame.back;
            top = frame.top;
          } else if (op === OP.not) value = !value;
          else if (op === OP.index) value = frame[--top][value];
          else if (op === OP.append) {
            frame[top - 1].push(value);
            continue;
          } else if (op === OP.setIndex) {
            top -= 2;
            frame[top][frame[top + 1]] = value;
            continue;
          } else if (op === OP.throw) throw value;
          else if (op === OP.minus) value = -value;
          else if (op === OP.plus) value = +value;
          else if (op === OP.tilde) value = ~value;
          else value = typeof value;
        }
        frame[top++] = value;
      }
    } catch (error) {
      while (!frame.caught) {
        const { from } = frame;
        frame.from = 0;
        frame = from;
        if (!frame) throw error;
      }
      code = frame.text;
      back = 0;
      i = frame.caught;
      frame.caught = 0;
      top = code.charCodeAt(frame.start) - 1;
      frame[top++] = error;
    }
}

function arrow(outer, i) {
  const { text, self } = outer;
  return (...frame) => {
    frame.text = text;
    frame.self = self;
    frame.outer = outer;
    frame.start = i;
    return machine(frame, i);
  };
}

/** Calls a function that is a text. */
export function run(self, text, ...frame) {
  return enter(self, text, frame);
}

/** A function bound to what it belongs to, be it a text or not. */
export function bind(self, f) {
  return "string" === typeof f ? (...frame) => enter(self, f, frame) : f.bind(self);
}

/** Calls it for the function that stands for it. */
export function enter(self, text, frame) {
  frame.text = text;
  frame.self = self;
  return machine(frame, 0);
}
