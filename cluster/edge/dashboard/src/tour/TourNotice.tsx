import { Link, useLocation } from "wouter";
import { Icon } from "../parts/Icon";
import { useMemory } from "./memory";
import { STEPS } from "./steps";
import styles from "./TourNotice.module.css";

/** On the pages the tour sends people to: the way back. */
export function TourNotice() {
  const [location] = useLocation();
  const { step, phase } = useMemory();
  const over = step === STEPS.length - 1 && phase === "seen";
  if (location === "/tour" || over || (step === 0 && phase === "ready")) return null;
  return (
    <p className={styles.notice}>
      <Icon name="tour" />
      <span>Guided demo, step {step + 1} of {STEPS.length}: {STEPS[step]?.title}.</span>
      <Link href="/tour">Back to the tour</Link>
    </p>
  );
}
