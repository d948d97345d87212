// The client's promise forms, apart from it so that a bundle can leave them out. They add nothing to what it does.
import { MqttClient } from "./client.js";
import type { Grant, PublishOptions, SubscribeOptions, Topics } from "./types.js";

/** `MqttClient` with `…Async` methods: they resolve where `done` gets no error, and reject with it otherwise. */
export class AsyncMqttClient<Payload = any> extends MqttClient<Payload> {
  publishAsync(topic: string, payload: unknown, options?: PublishOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      this.publish(topic, payload, options, (error) => (error ? reject(error) : resolve()));
    });
  }

  subscribeAsync(topics: Topics, options?: SubscribeOptions): Promise<Grant[]> {
    return new Promise((resolve, reject) => {
      this.subscribe(topics, options, (error, granted) => (error ? reject(error) : resolve(granted!)));
    });
  }

  unsubscribeAsync(topics: string | string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.unsubscribe(topics, (error) => (error ? reject(error) : resolve()));
    });
  }

  endAsync(force?: boolean): Promise<void> {
    return new Promise((resolve) => {
      this.end(force, () => resolve());
    });
  }
}
