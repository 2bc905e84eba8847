/** Draws `bench/handoff/handoff.json` as `bench/handoff/handoff.svg`: one swap, and what the others lose in theirs. */
import * as echarts from "echarts";
import type { PeerFigures, Phase, SwapFigures } from "../handoff/swap_figures.ts";
import { darkStyle, FAINT, INK, LINE, OTHERS_BAR, OURS_BAR, PAPER } from "./colours.ts";

const WIDTH = 1_200;
const MARGIN = 24;
const PANEL = 260;
const ROW = 34;
const NAMES = 236;

const { peers } = JSON.parse(Deno.readTextFileSync(new URL("../handoff/handoff.json", import.meta.url))) as {
  peers: PeerFigures[];
};
const measured = peers.filter((peer): peer is PeerFigures & { figures: SwapFigures } => peer.figures !== undefined);
const file = new URL("../handoff/handoff.svg", import.meta.url);
Deno.writeTextFileSync(file, draw(measured));

function draw(peers: readonly (PeerFigures & { figures: SwapFigures })[]): string {
  const ours = peers[0]!;
  const barsTop = 96 + PANEL + 110;
  const height = barsTop + ROW * peers.length + 70;
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  const names = peers.map(({ name }) => name);
  const failed = peers.map(({ figures }) => failedASwap(figures));
  const lost = peers.map(({ figures }) => figures.queuedLost / figures.swaps);
  chart.setOption({
    animation: false,
    backgroundColor: PAPER,
    textStyle: { fontFamily: "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif" },
    title: [
      heading(
        "A daemon is replaced under load",
        "Each dot is a request of 32 keep-alive clients; its time, in ms. Of those under 10 ms, one in eight.",
        12,
      ),
      heading(
        "Failed requests a swap",
        "Of 32 keep-alive clients, half of which look for the end of a connection before they reuse it; pale: of 64 connections opened in the moment of the swap, how many got no answer.",
        barsTop - 74,
      ),
    ],
    grid: [
      { left: 80, right: MARGIN, top: 96, height: PANEL },
      { left: MARGIN + NAMES, right: 120, top: barsTop, height: ROW * peers.length },
    ],
    xAxis: [
      { ...axis(0), type: "value", min: -200, max: end(ours.figures), name: "ms" },
      { ...axis(1), type: "value" },
    ],
    yAxis: [
      { ...axis(0), type: "log", min: 0.1 },
      { ...axis(1), type: "category", inverse: true, data: names, axisLabel: { color: INK, fontSize: 14 } },
    ],
    series: [
      {
        type: "scatter",
        xAxisIndex: 0,
        yAxisIndex: 0,
        symbolSize: 3,
        itemStyle: { color: OURS_BAR },
        data: ours.figures.timeline.map(({ at, ms }) => [at, Math.max(ms, 0.1)]),
        markArea: { silent: true, data: bands(ours.figures) },
      },
      bars(failed, 1),
      bars(lost, 0.35),
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg.replace(/(?<=^<svg[^>]*>)/, `\n${darkStyle()}`) + "\n";
}

function failedASwap({ groups, swaps }: SwapFigures): number {
  return groups.reduce((sum, { failed }) => sum + failed, 0) / swaps;
}

function end({ commandMs }: SwapFigures): number {
  return Math.ceil((commandMs.at(-1)! + 300) / 100) * 100;
}

/** The phases as the command told them, the last of which ended when it did. */
function bands({ phases, commandMs }: SwapFigures): unknown[] {
  let at = commandMs.at(-1)! - phases.reduce((sum, { ms }) => sum + ms, 0);
  return phases.map(({ phase, ms }: Phase, i) => {
    const from = at;
    at += ms;
    return [
      {
        name: ms > 25 ? phase : "",
        xAxis: from,
        itemStyle: { color: i % 2 === 0 ? LINE : FAINT, opacity: 0.25 },
        label: { color: INK, fontSize: 13, position: "insideTop" },
      },
      { xAxis: at },
    ];
  });
}

function bars(values: readonly number[], opacity: number) {
  return {
    type: "bar",
    xAxisIndex: 1,
    yAxisIndex: 1,
    barWidth: 12,
    label: {
      show: true,
      position: "right",
      color: INK,
      fontSize: 13,
      formatter: ({ value }: { value: number }) => String(Math.round(value * 10) / 10),
    },
    data: values.map((value, i) => ({ value, itemStyle: { color: i < 2 ? OURS_BAR : OTHERS_BAR, opacity } })),
  };
}

function heading(text: string, subtext: string, top: number) {
  return {
    text,
    subtext,
    left: MARGIN,
    top,
    padding: 0,
    textStyle: { color: INK, fontSize: 18, fontWeight: 600 },
    subtextStyle: { color: FAINT, fontSize: 13, width: WIDTH - 2 * MARGIN, overflow: "break" },
  };
}

function axis(gridIndex: number) {
  return {
    gridIndex,
    axisLabel: { color: FAINT, fontSize: 12 },
    axisLine: { lineStyle: { color: LINE } },
    splitLine: { lineStyle: { color: LINE } },
  };
}
