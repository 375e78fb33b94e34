import {
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span as OtelSpan,
  type Tracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { within } from './lib/within.js';
import type { Span, SpanKindName } from './watch.js';

/** Spans of one app, on their way to a collector. */
export interface Traces {
  /** The span of a request, within the one that its header `traceparent` names. */
  begin(traceparent: string | null): Span;
  /** Sends what has ended; a collector that does not answer keeps nobody waiting. */
  close(): Promise<void>;
}

const LONGEST_FLUSH_MS = 2_000;

/** @param endpoint of a collector that speaks OTLP over HTTP, without `/v1/traces`. */
export function openTraces(endpoint: string, serviceName: string): Traces {
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer('pulse-crm');
  return {
    begin: (traceparent) => begin(tracer, 'request', 'server', contextOf(traceparent)),
    close: () => within(LONGEST_FLUSH_MS, provider.shutdown(), () => new Error('late')).catch(() => undefined),
  };
}

const KINDS: Record<SpanKindName, SpanKind> = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL };

function begin(tracer: Tracer, name: string, kind: SpanKindName, parent: Context, attributes: Record<string, string> = {}): Span {
  const span = tracer.startSpan(name, { kind: KINDS[kind], attributes }, parent);
  const within = trace.setSpan(parent, span);
  const self: Span = {
    begin: (child, childKind = 'internal', about = {}) => begin(tracer, child, childKind, within, about),
    note: (about, named) => {
      note(span, about, named);
      return self;
    },
    end: (failure) => {
      if (failure) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
      span.end();
    },
  };
  return self;
}

function note(span: OtelSpan, about: Parameters<Span['note']>[0], named: string): void {
  span.updateName(named);
  for (const [name, value] of Object.entries(about)) if (value !== null) span.setAttribute(name, value);
}

/** `version-trace-parent-flags` in hexadecimal (https://www.w3.org/TR/trace-context/#traceparent-header). */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-|$)/;

/** A header that is none begins a trace of its own. */
function contextOf(traceparent: string | null): Context {
  const [, traceId = '', spanId = '', flags = '0'] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  const remote = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  return isSpanContextValid(remote) ? trace.setSpanContext(ROOT_CONTEXT, remote) : ROOT_CONTEXT;
}
