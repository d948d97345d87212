// The client's promise forms, apart from it so that a bundle can leave them out. They add nothing to what it does.
import { MqttClient } from "./client.js";
import type { Grant, PublishOptions, SubscribeOptions, Topics } from "./types.js";

/** What a call of the given form gives to its `done`. */
function promised<T>(call: (done: (error?: Error | null, value?: any) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(error) : resolve(value)));
  });
}

/** `MqttClient` with `…Async` methods: they resolve where `done` gets no error, and reject with it otherwise. */
export class AsyncMqttClient<Payload = any> extends MqttClient<Payload> {
  publishAsync(topic: string, payload: unknown, options?: PublishOptions): Promise<void> {
    return promised((done) => this.publish(topic, payload, options, done));
  }

  subscribeAsync(topics: Topics, options?: SubscribeOptions): Promise<Grant[]> {
    return promised((done) => this.subscribe(topics, options, done));
  }

  unsubscribeAsync(topics: string | string[]): Promise<void> {
    return promised((done) => this.unsubscribe(topics, done));
  }

  endAsync(force?: boolean): Promise<void> {
    return promised((done) => this.end(force, done));
  }
}
