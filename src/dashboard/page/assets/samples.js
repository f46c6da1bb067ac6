// Samples: what is one line, or one point, beside others. A configuration with its runs, or a single run.

class Sample {
  constructor(sweep, key, places, name) {
    Object.assign(this, { sweep, key, places, name, configuration: sweep.configuration(places[0]), means: new Map() });
  }

  // Over the seeds that have a value; none where none has.
  mean(column) {
    if (!this.means.has(column)) this.means.set(column, this.sweep.summary(this.places, column)?.mean ?? null);
    return this.means.get(column);
  }

  // On an axis.
  value(key) {
    const axis = this.sweep.axisOf.get(key);
    return axis ? axis.of[this.configuration] : this.mean(key);
  }

  fits(intervals) {
    return [...intervals].every(([key, [low, high]]) => {
      const value = this.value(key);
      return value !== null && low <= value && value <= high;
    });
  }

  isChosen() { return this.places.every((place) => this.sweep.chosen.has(place)); }

  choose(chosen) { for (const place of this.places) this.sweep.chosen[chosen ? "add" : "delete"](place); }
}

// One for each configuration where seeds are grouped, else one for each run.
export const samplesOf = (sweep, places, grouped) => {
  if (!grouped) return places.map((place) => new Sample(sweep, `run ${place}`, [place], sweep.label(place)));
  const members = new Map();
  for (const place of places) {
    const key = sweep.configuration(place);
    if (!members.has(key)) members.set(key, []);
    members.get(key).push(place);
  }
  return [...members].map(([key, own]) => new Sample(sweep, `configuration ${key}`, own, sweep.plan.configurations[key]));
};

