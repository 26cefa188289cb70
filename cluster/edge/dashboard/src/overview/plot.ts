/** What a chart is made of, as uPlot wants it. */
import type uPlot from "uplot";
import { time } from "../parts/formats";

export interface Line {
  label: string;
  /** A custom property of the theme: "--running-solid". */
  color: string;
  /** The area below it is tinted. */
  filled?: boolean;
  dashed?: boolean;
  /** Drawn on over moments of which nothing is known. */
  joined?: boolean;
}

export interface ChartStyle {
  lines: readonly Line[];
  /** How a value is written at the axis. */
  format: (value: number) => string;
  /** The value of a custom property. */
  color: (property: string) => string;
  width: number;
  height: number;
  /** The index of the point under the cursor, null when it left. */
  onPoint: (index: number | null) => void;
}

const HEADROOM = 1.15;
const FLOOR = 1;
const FONT = "11px -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Helvetica, Arial, sans-serif";

export function optionsOf({ lines, format, color, width, height, onPoint }: ChartStyle): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: color("--quiet"), font: FONT, grid: { stroke: color("--line"), width: 1 }, ticks: { show: false },
  };
  return {
    width,
    height,
    padding: [8, 28, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(FLOOR, max * HEADROOM)] } },
    axes: [
      { ...axis, size: 28, space: 70, grid: { show: false }, values: (_plot, instants) => instants.map((at) => clockOf(at, instants)) },
      { ...axis, size: 52, space: 32, values: (_plot, values) => values.map(format) },
    ],
    series: [{}, ...lines.map((line) => seriesOf(line, color))],
    hooks: { setCursor: [(plot) => { onPoint(plot.cursor.idx ?? null); }] },
  };
}

/** Seconds are shown only where ticks are closer than a minute. */
function clockOf(at: number, instants: readonly number[]): string {
  const [first = 0, second = 60] = instants;
  const text = time(at * 1000);
  return second - first < 60 ? text : text.slice(0, 5);
}

function seriesOf({ label, color: property, filled, dashed, joined = false }: Line, color: ChartStyle["color"]): uPlot.Series {
  const stroke = color(property);
  return {
    label,
    stroke,
    width: 1.75,
    spanGaps: joined,
    points: { size: 5, fill: stroke, filter: alone },
    ...(filled && { fill: `${stroke}26` }),
    ...(dashed && { dash: [4, 4] }),
  };
}

/** Only points without a neighbour are marked: no line leads to them, so they would not be seen. */
function alone(plot: uPlot, series: number): number[] {
  const values = plot.data[series] ?? [];
  return [...values.keys()].filter((at) => values[at] != null && values[at - 1] == null && values[at + 1] == null);
}
