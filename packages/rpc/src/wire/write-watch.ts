/**
 * ⑧ Whether a peer takes what is sent to it. What is waited for is progress, not an empty queue: a
 * peer that is slow and always busy may never have taken everything.
 */

export class WriteWatch {
  private writtenBytes = 0;
  private takenBytes = 0;
  /** When it last took something while more was waiting; -1 while nothing waits. */
  private sinceMs = -1;

  /** Whether something waits to be taken. */
  get blocked(): boolean {
    return this.sinceMs >= 0;
  }

  /** After every write; the time matters only when it was not taken at once. */
  wrote(bytes: number): void {
    this.writtenBytes += bytes;
  }

  /** A write was not taken at once; `pendingBytes` is what waits now. */
  block(pendingBytes: number, nowMs: number): void {
    if (this.blocked) return;
    this.sinceMs = nowMs;
    this.takenBytes = this.writtenBytes - pendingBytes;
  }

  /** Everything has been taken. */
  unblock(): void {
    this.sinceMs = -1;
  }

  /** Whether nothing was taken for `limitMs`. To be asked now and then. */
  isStuck(pendingBytes: number, nowMs: number, limitMs: number): boolean {
    if (!this.blocked) return false;
    const takenBytes = this.writtenBytes - pendingBytes;
    if (takenBytes === this.takenBytes) return nowMs - this.sinceMs >= limitMs;
    this.takenBytes = takenBytes;
    this.sinceMs = nowMs;
    return false;
  }
}
