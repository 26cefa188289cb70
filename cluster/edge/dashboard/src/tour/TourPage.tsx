import { useState } from "react";
import { useReadOnly } from "../api/queries";
import { Button } from "../parts/Button";
import { Page } from "../parts/Page";
import { BEGINNING } from "./memory";
import { Scene } from "./Scene";
import { StepCard } from "./StepCard";
import { STEPS } from "./steps";
import styles from "./TourPage.module.css";
import { useTour } from "./useTour";

const LEAD = "Five minutes with a distributed scheduler. Every step does the real thing in this cluster, and waits until it has happened.";

export function TourPage() {
  const tour = useTour();
  const readOnly = useReadOnly();
  const [stepAtFirst] = useState(tour.memory.step);
  const begun = tour.memory !== BEGINNING && (tour.memory.step > 0 || tour.memory.phase !== "ready");
  return (
    <Page title="Guided demo" lead={LEAD} actions={begun && <Button look="quiet" icon="refresh" onClick={tour.restart}>Begin anew</Button>}>
      <div className={styles.columns}>
        <ol className={styles.steps}>
          {STEPS.map((step, index) => (
            <StepCard key={step.id} step={step} index={index} tour={tour} readOnly={readOnly} arriving={index !== stepAtFirst} />
          ))}
        </ol>
        <Scene facts={tour.facts} />
      </div>
    </Page>
  );
}
