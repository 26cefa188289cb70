/** Runs `step` at once and then at most every `interval()` ms; what comes meanwhile is one more run at the end. */
export class Throttle {
  private readonly step: () => void;
  private readonly interval: () => number;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private again = false;

  constructor(step: () => void, interval: () => number) {
    this.step = step;
    this.interval = interval;
  }

  ask(): void {
    if (this.timer === null) this.run();
    else this.again = true;
  }

  /** Forgets what was asked. */
  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.again = false;
  }

  private run(): void {
    this.again = false;
    this.timer = setTimeout(() => {
      this.timer = null;
      if (this.again) this.run();
    }, this.interval());
    this.step();
  }
}
