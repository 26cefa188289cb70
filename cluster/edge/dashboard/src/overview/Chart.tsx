import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { NOTHING, time } from "../parts/formats";
import { useDark } from "../theme/theme";
import { type Line, optionsOf } from "./plot";
import styles from "./Chart.module.css";

const HEIGHT = 168;

interface Props {
  title: string;
  /** What is drawn, in words, for those who do not see it. */
  summary: string;
  lines: readonly Line[];
  /** Seconds since the epoch, then a column per line. */
  data: readonly (readonly (number | null)[])[];
  format: (value: number) => string;
}

/** Lines over time. Its legend names them and tells the values under the cursor, or the last ones that are known. */
export function Chart({ title, summary, lines, data, format }: Props) {
  const [point, setPoint] = useState<number | null>(null);
  const place = usePlot(lines, data, format, setPoint);
  const [at = [], ...columns] = data;
  const instant = point === null ? undefined : at[point];
  return (
    <figure className={styles.chart}>
      <figcaption className={styles.caption}>
        <span className={styles.title}>{title}</span>
        <span className={styles.at}>{instant ? time(instant * 1000) : ""}</span>
        <span className={styles.legend}>
          {lines.map(({ label, color, dashed }, index) => {
            const column = columns[index] ?? [];
            const value = point === null ? column.findLast((one) => one !== null) : column[point];
            return (
              <span key={label} className={styles.line}>
                <i className={styles.swatch} data-dashed={dashed} style={{ borderColor: `var(${color})` }} />
                {label} <b>{value == null ? NOTHING : format(value)}</b>
              </span>
            );
          })}
        </span>
      </figcaption>
      <div ref={place} className={styles.plot} role="img" aria-label={summary} />
    </figure>
  );
}

/** A plot in the element of the returned ref: made anew when the theme changes, else only its data and its width. */
function usePlot(lines: Props["lines"], data: Props["data"], format: Props["format"], onPoint: (index: number | null) => void) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(data);
  const dark = useDark();
  useEffect(() => {
    latest.current = data;
    plot.current?.setData(data as uPlot.AlignedData);
  }, [data]);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const theme = getComputedStyle(document.documentElement);
    const color = (property: string) => theme.getPropertyValue(property).trim();
    const options = optionsOf({ lines, format, color, onPoint, width: element.clientWidth, height: HEIGHT });
    const made = new uPlot(options, latest.current as uPlot.AlignedData, element);
    const sizes = new ResizeObserver(() => { made.setSize({ width: element.clientWidth, height: HEIGHT }); });
    sizes.observe(element);
    plot.current = made;
    return () => {
      sizes.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [lines, format, onPoint, dark]);
  return place;
}
