// Lets Node find what Moddable resolves by itself: the SDK's modules, stood in for, and others by their name. It loads none.
import { register } from "node:module";
import { pathToFileURL } from "node:url";

export const file = (name: string): string => new URL(`../../../${name}`, import.meta.url).href;

/** @param others - modules by name, besides the SDK's timer and time */
export function resolveModules(others: { [name: string]: string } = {}): void {
  const modules = {
    ...others,
    timer: `data:text/javascript,export { Timer as default } from "${file("test/moddable/xs/esp32.js")}";`,
    time: `data:text/javascript,export { Time as default } from "${file("test/moddable/xs/esp32.js")}";`,
  };
  register(
    `data:text/javascript,${encodeURIComponent(`
    const modules = ${JSON.stringify(modules)};
    export function resolve(name, context, next) {
      return modules[name] ? { url: modules[name], shortCircuit: true } : next(name, context);
    }`)}`,
    pathToFileURL("./"),
  );
}
