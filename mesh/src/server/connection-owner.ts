import type { Clock } from '../clock.ts';
import type { FailureCode } from '../errors.ts';
import type { Facts } from '../exchange.ts';
import type { Handler } from '../layer.ts';

/** The listener of a port, as its connections see it. */
export interface ConnectionOwner<Connection> {
  /** The current tick. Reading the clock for every piece of input would cost more. */
  readonly tick: number;
  /** Timeouts, in ticks. */
  readonly ticks: { head: number; idle: number; keepAlive: number };
  readonly headBytesMax: number;
  readonly keepAliveLines: string;
  readonly clock: Clock;
  /** Connections close after their current reply. */
  readonly draining: boolean;
  newFacts(peerAddress: string): Facts;
  handler(): Handler;
  onBegun(): void;
  onEnded(): void;
  onRefused(code: FailureCode): void;
  onClosed(connection: Connection): void;
}
