import * as echarts from "echarts";
import { OURS } from "../contestant.ts";
import type { Figure, Measure } from "../measure.ts";
import type { Results } from "../results.ts";
import { format, formatRatio } from "../format.ts";
import { describe } from "../table.ts";
import { darkStyle, FAINT, INK, LINE, OTHERS_BAR, OURS_BAR, PAPER } from "./colours.ts";

/** What is shown, in rows of two. */
const SHOWN = [
  ["handover-tmpfs", "death-tmpfs"],
  ["handover-disk", "wait-32"],
  ["refusal-sync-tmpfs", "refusal-async-tmpfs"],
  ["cycle-sync-tmpfs", "cycle-async-tmpfs"],
  ["cycle-sync-disk", "cycle-async-disk"],
  ["idle-1", "writing-50"],
];

const MARGIN = 24;
const WIDTH = 1_200;
const HEADER = 96;
const FOOTER = 84;
const ROW = 26;
/** The title above the bars of a panel, and what is below them: the axis, and the distance to the next panel. */
const ABOVE = 34;
const BELOW = 66;
/** The names left of the bars, and the values right of them. */
const NAMES = 236;
const VALUES = 116;

/** The most telling figures as bars on a logarithmic scale, in SVG that follows the reader's colour scheme. */
export function drawChart({ measures, environment }: Results): string {
  const panels = layOut(measures);
  const footer = Math.max(...panels.map(({ bottom }) => bottom)) - MARGIN;
  const height = footer + FOOTER;
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  chart.setOption({
    animation: false,
    backgroundColor: PAPER,
    textStyle: { fontFamily: "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif" },
    title: [
      heading("DataDirLock beside what a program could use instead", {
        subtext:
          "Shorter is better, on a logarithmic scale. ×: so many times as much as DataDirLock. Medians; pale: p99.",
        left: MARGIN,
        top: MARGIN / 2,
        fontSize: 22,
      }),
      ...panels.map(({ measure, left, top }) => heading(measure.title, { left, top })),
      heading("", { subtext: describe(environment), left: MARGIN, top: footer }),
    ],
    grid: panels.map(({ figures, left, top }) => ({
      left: left + NAMES,
      top: top + ABOVE,
      width: WIDTH / 2 - MARGIN - NAMES - VALUES,
      height: ROW * figures.length,
    })),
    xAxis: panels.map(valueAxis),
    yAxis: panels.map(nameAxis),
    series: panels.flatMap(bars),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg.replace(/(?<=^<svg[^>]*>)/, `\n${darkStyle()}`) + "\n";
}

/** A measure in its place. */
interface Panel {
  readonly measure: Measure;
  /** From the best to the worst. */
  readonly figures: readonly Figure[];
  readonly left: number;
  readonly top: number;
  readonly bottom: number;
}

function layOut(measures: readonly Measure[]): Panel[] {
  const panels: Panel[] = [];
  let top = HEADER;
  for (const ids of SHOWN) {
    const row = ids.map((id) => measures.find((measure) => measure.id === id)!);
    const bottom = top + ABOVE + ROW * Math.max(...row.map(({ figures }) => figures.length)) + BELOW;
    panels.push(...row.map((measure, column) => {
      const figures = measure.figures.toSorted((a, b) => a.value - b.value);
      return { measure, figures, left: MARGIN + column * WIDTH / 2, top, bottom };
    }));
    top = bottom;
  }
  return panels;
}

function heading(
  text: string,
  { subtext, fontSize = 15, left, top }: { subtext?: string; fontSize?: number; left: number; top: number },
) {
  return {
    text,
    subtext,
    left,
    top,
    padding: 0,
    textStyle: { color: INK, fontSize, fontWeight: 600 },
    subtextStyle: { color: FAINT, fontSize: 14, lineHeight: 20 },
  };
}

/** From the power of ten below the least to the one above the most, with a bar to be seen for the least. */
function valueAxis({ measure, figures }: Panel, index: number) {
  const values = figures.flatMap(({ value, p99 }) => [value, p99 ?? value]);
  const min = 10 ** Math.floor(Math.log10(Math.min(...values) / 1.5));
  return {
    gridIndex: index,
    type: "log",
    min,
    startValue: min,
    max: 10 ** Math.ceil(Math.log10(Math.max(...values))),
    axisLabel: {
      color: FAINT,
      fontSize: 12,
      hideOverlap: true,
      formatter: (value: number) => format(value, measure.unit),
    },
    splitLine: { lineStyle: { color: LINE } },
  };
}

function nameAxis({ figures }: Panel, index: number) {
  return {
    gridIndex: index,
    type: "category",
    inverse: true,
    data: figures.map(({ name }) => name),
    axisLine: { lineStyle: { color: LINE } },
    axisTick: { show: false },
    axisLabel: { color: INK, fontSize: 14, interval: 0 },
  };
}

function bars({ measure, figures }: Panel, index: number) {
  const common = {
    type: "bar",
    xAxisIndex: index,
    yAxisIndex: index,
    barWidth: 15,
    barGap: "-100%",
    label: { position: "right", color: INK, fontSize: 14, opacity: 1, backgroundColor: PAPER },
  };
  const bar = (figure: Figure, value: number | undefined, opacity: number) => ({
    value,
    itemStyle: { color: figure.name.startsWith(OURS) ? OURS_BAR : OTHERS_BAR, opacity },
    label: {
      // Behind the longer of the two.
      show: value === (figure.p99 ?? figure.value),
      formatter: label(measure, figure),
      fontWeight: figure.name === OURS ? 600 : 400,
    },
  });
  return [
    { ...common, data: figures.map((figure) => bar(figure, figure.p99, 0.35)) },
    { ...common, data: figures.map((figure) => bar(figure, figure.value, 1)) },
  ];
}

function label(measure: Measure, figure: Figure): string {
  const value = format(figure.value, measure.unit);
  return figure.name === OURS ? value : `${value}, ${formatRatio(figure.ratio)}`;
}
