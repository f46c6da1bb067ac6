// LoRA updates of one linear layer for all runs that adapt it: output += scale * B A dropout(input).
//
// Three kinds of product: down to the rank, up from it, and of rows with rows for the gradient of A or B. `low` has
// `stride` columns in float32, the largest rank of the launch in whole fours. A is [rank, columns], B is [columns, rank];
// columns come in whole fours, too.

// A block takes RANKS ranks at a time; grid.z counts these, but for `up`. A block makes a part of the gradient of A or B of
// PART_ROWS rows.

const int THREADS = WARPS * LANES;

// One micro-batch of one run. The micro-batches of a run follow each other.
struct Adapted {
    const float* a;
    const float* b;
    float* a_gradient;
    float* b_gradient;
    u64 key;
    int begin, end;
    int rank;
    unsigned threshold;
    float dropout_scale;
    float scale;
};

struct AdaptedRuns {
    int count;
    int stride;
    Adapted run[ADAPTED_RUNS];
};

static_assert(
    sizeof(Adapted) == ADAPTED_BYTES && sizeof(AdaptedRuns) == ADAPTED_RUNS_BYTES, "layout of adapted runs");

// Adds the parts to the gradient of A, or scaled to that of B. The micro-batches of a run are added one after the other, and so
// are their parts: what comes out does not depend on how many share a launch.
extern "C" __global__ void lora_weights(
    const float* parts, int columns, int of_a, int most, const __grid_constant__ AdaptedRuns runs) {
    int index = blockIdx.y;
    float* gradient = of_a ? runs.run[index].a_gradient : runs.run[index].b_gradient;
    if (index > 0 && gradient == (of_a ? runs.run[index - 1].a_gradient : runs.run[index - 1].b_gradient)) return;
    int rank = runs.run[index].rank, element = blockIdx.x * blockDim.x + threadIdx.x;
    if (element >= rank * columns) return;
    int k = element / columns, e = element % columns;
    float* to = &gradient[of_a ? element : (u64)e * rank + k];
    float all = *to;
    for (; index < runs.count; index++) {
        const Adapted& run = runs.run[index];
        if ((of_a ? run.a_gradient : run.b_gradient) != gradient) break;
        float sum = 0.0f;
        for (int part = 0; run.begin + part * PART_ROWS < run.end; part++)
            sum += parts[((u64)(index * most + part) * runs.stride + k) * columns + e];
        all += of_a ? sum : run.scale * sum;
    }
    *to = all;
}
