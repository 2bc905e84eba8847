import { HttpService } from "./http_service.ts";
import type { ListenerOptions, Service, ServiceOptions, SocketListenerOptions } from "./service.ts";
import type { ServiceHost } from "./service_host.ts";
import { listenersOf } from "./service_options.ts";
import { SocketService } from "./socket_service.ts";

/** A service for each listener that the options name. Throws `TypeError` when they are invalid, or name none. */
export function createServices<State>(options: ServiceOptions<State>, host: ServiceHost<State>): Map<string, Service> {
  const services = new Map<string, Service>();
  for (const [name, listener] of listenersOf(options)) {
    services.set(
      name,
      isSocketListener(listener)
        ? new SocketService({ name, listener, host })
        : new HttpService({ name, listener, host }),
    );
  }
  return services;
}

function isSocketListener<State>(listener: ListenerOptions<State>): listener is SocketListenerOptions<State> {
  return "connection" in listener && listener.connection !== undefined;
}
