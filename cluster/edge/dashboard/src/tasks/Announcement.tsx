import { useState } from "react";
import { plural } from "../parts/formats";
import styles from "./Tasks.module.css";

/** Says once, to who cannot see it, how many rows another filter or page has; not how that number moves with every task. */
export function Announcement({ listKey, shown }: { listKey: string; shown: number | null }) {
  const [told, setTold] = useState({ listKey, text: "" });
  if (shown !== null && (told.listKey !== listKey || told.text === "")) {
    setTold({ listKey, text: shown === 0 ? "No tasks" : plural(shown, "task") });
  }
  return <p role="status" className={styles.unseen}>{told.text}</p>;
}
