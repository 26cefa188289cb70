import { useEffect, useRef } from "react";
import { Link } from "wouter";
import { Button } from "../parts/Button";
import { Failure } from "../parts/Feedback";
import { Icon } from "../parts/Icon";
import { Ending } from "./Ending";
import styles from "./StepCard.module.css";
import { type Step, STEPS } from "./steps";
import type { Tour } from "./useTour";

interface Props {
  step: Step;
  index: number;
  tour: Tour;
  readOnly: string | null;
  /** Somebody has just come here from another step: the focus comes along. */
  arriving: boolean;
}

/** One step: folded before and after its turn. */
export function StepCard({ step, index, tour, readOnly, arriving }: Props) {
  const at = tour.memory.step;
  const state = index < at ? "past" : index === at ? "current" : "future";
  return (
    <li className={styles.step} data-state={state} aria-current={state === "current" ? "step" : undefined}>
      <span className={styles.number} aria-hidden="true">{state === "past" ? <Icon name="check" size={14} /> : index + 1}</span>
      <div className={styles.body}>
        <h2 className={styles.title}>
          {step.title}
          {state === "past" && <span className={styles.done}>done</span>}
        </h2>
        {state === "current" && <Current tour={tour} readOnly={readOnly} arriving={arriving} />}
      </div>
    </li>
  );
}

function Current({ tour, readOnly, arriving }: Pick<Props, "tour" | "readOnly" | "arriving">) {
  const { memory, step, seen, error } = tour;
  const { phase } = memory;
  const lookAt = step.lookAt(memory);
  return (
    <>
      <p className={styles.text}>{step.text}</p>
      {error !== null && <Failure error={error} />}
      {phase !== "ready" && (
        <p className={styles.told} data-seen={phase === "seen" || undefined}>
          <Icon name={phase === "seen" ? "check" : "clock"} />
          <span>{seen.told}</span>
        </p>
      )}
      <p className={styles.announced} role="status">{phase === "seen" ? `Seen: ${seen.told}` : ""}</p>
      <div className={styles.buttons}>
        {phase === "seen" && step === STEPS.at(-1)
          ? <Ending tour={tour} />
          : <StepButton tour={tour} readOnly={readOnly} arriving={arriving} />}
        <span className={styles.look}>
          Where to look: <Link href={lookAt.href}>{lookAt.text}</Link>, {lookAt.what}.
        </span>
      </div>
    </>
  );
}

/** The same button all through a step, so that the focus stays on it: do it, wait, go on. */
function StepButton({ tour, readOnly, arriving }: Pick<Props, "tour" | "readOnly" | "arriving">) {
  const { memory: { phase }, step, act, next } = tour;
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (arriving) button.current?.focus();
  }, [arriving]);
  if (phase === "seen") return <Button ref={button} look="primary" onClick={next}>Next step</Button>;
  const waiting = phase === "ready" ? null : "What this step promises has not been seen yet.";
  return (
    <Button ref={button} look="primary" refused={readOnly ?? waiting} onClick={act}>
      {waiting === null ? step.action : "Under way…"}
    </Button>
  );
}
