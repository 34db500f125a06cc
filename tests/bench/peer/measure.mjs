// Medians and the line of JSON, as bench.c has them: processor time of this process, all its threads.
const median = (list) => {
  const sorted = [...list].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

// Runs work once for warming up, then `runs` times. setup makes what a run starts from, outside of the measurement.
export async function measure (what, by, units, runs, setup, work, more = () => ({})) {
  const cpu = []
  const wall = []
  for (let i = -1; i < runs; i++) {
    const state = setup()
    const used = process.cpuUsage()
    const from = performance.now()
    await work(state)
    if (i >= 0) {
      const { user, system } = process.cpuUsage(used)
      cpu.push((user + system) / 1e6)
      wall.push((performance.now() - from) / 1e3)
      if (i === runs - 1) more = more(state)
    }
  }
  const seconds = median(cpu)
  console.log(JSON.stringify({
    what, by, units, runs, cpu_s: seconds, cpu_s_least: Math.min(...cpu), cpu_s_most: Math.max(...cpu), wall_s: median(wall),
    per_s: units / seconds, ...more
  }))
}
