// LoRA updates of one linear layer for all runs that adapt it: output += scale * B A dropout(input).
//
// Three kinds of product: down to the rank, up from it, and of rows with rows for the gradient of A or B. `low` has
// `stride` columns in float32, as many as the largest rank of the launch. A is [rank, columns], B is [columns, rank].

// Ranks that a block takes at a time; grid.z (in `lora_down` and `lora_weights`) counts these.
const int RANKS = 16;
const int WARPS = 8;
const int THREADS = WARPS * LANES;
const int ADAPTED_RUNS = 32;

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

// One of the two matrices, as what maps ranks to columns.
struct Matrix {
    const float* values;
    int rank, columns;
    bool rank_first;
    __device__ __forceinline__ float at(int k, int column) const {
        if (k >= rank || column >= columns) return 0.0f;
        return rank_first ? values[(u64)k * columns + column] : values[(u64)column * rank + k];
    }
};

__device__ __forceinline__ Matrix a_of(const Adapted& run, int columns) { return {run.a, run.rank, columns, true}; }
__device__ __forceinline__ Matrix b_of(const Adapted& run, int columns) { return {run.b, run.rank, columns, false}; }

__device__ __forceinline__ float4 four(const float* x) { return *(const float4*)x; }

const int DOWN_ROWS = 32;

// low = x A' (dropped x), or low = scale * x B.
__device__ __forceinline__ void down(
    const Adapted& run, const Matrix& matrix, bool dropped, float scale, const value* x, int x_stride, float* low,
    int low_stride) {
    __shared__ float rows[DOWN_ROWS][STRIP + 4];
    __shared__ float ranks[RANKS][STRIP + 4];
    int first = run.begin + blockIdx.x * DOWN_ROWS;
    int k0 = blockIdx.z * RANKS;
    if (first >= run.end || k0 >= run.rank) return;
    int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES;
    bool drops = dropped && run.threshold;
    float sums[RANKS / WARPS] = {};
    for (int s = 0; s * STRIP < matrix.columns; s++) {
        __syncthreads();
        for (int r = warp; r < DOWN_ROWS; r += WARPS) {
            int row = first + r;
            u64 random = drops ? bits(run.key, word_of(row - run.begin, matrix.columns, s, lane)) : 0;
            for (int q = 0; q < 4; q++) {
                int e = column(s, lane, q);
                float element = row < run.end && e < matrix.columns ? load(x[(u64)row * x_stride + e]) : 0.0f;
                if (drops) element *= kept(random, q, run.threshold, run.dropout_scale);
                rows[r][e - s * STRIP] = element;
            }
        }
        if (matrix.rank_first) {
            for (int i = threadIdx.x; i < RANKS * STRIP; i += THREADS)
                ranks[i / STRIP][i % STRIP] = matrix.at(k0 + i / STRIP, s * STRIP + i % STRIP);
        } else {
            for (int i = threadIdx.x; i < RANKS * STRIP; i += THREADS)
                ranks[i % RANKS][i / RANKS] = matrix.at(k0 + i % RANKS, s * STRIP + i / RANKS);
        }
        __syncthreads();
        for (int e = 0; e < STRIP; e += 4) {
            float4 x = four(&rows[lane][e]);
            #pragma unroll
            for (int i = 0; i < RANKS / WARPS; i++) {
                float4 w = four(&ranks[warp * (RANKS / WARPS) + i][e]);
                sums[i] += x.x * w.x + x.y * w.y + x.z * w.z + x.w * w.w;
            }
        }
    }
    #pragma unroll
    for (int i = 0; i < RANKS / WARPS; i++) {
        int k = k0 + warp * (RANKS / WARPS) + i;
        if (first + lane < run.end && k < low_stride) low[(u64)(first + lane) * low_stride + k] = scale * sums[i];
    }
}

extern "C" __global__ void lora_down_a(
    const value* x, int x_stride, int columns, float* low, const __grid_constant__ AdaptedRuns runs) {
    const Adapted& run = runs.run[blockIdx.y];
    down(run, a_of(run, columns), true, 1.0f, x, x_stride, low, runs.stride);
}

extern "C" __global__ void lora_down_b(
    const value* x, int x_stride, int columns, float* low, const __grid_constant__ AdaptedRuns runs) {
    const Adapted& run = runs.run[blockIdx.y];
    down(run, b_of(run, columns), false, run.scale, x, x_stride, low, runs.stride);
}

const int UP_ROWS = 64;

// x += dropout(low A), or x += scale * low B'.
__device__ __forceinline__ void up(
    const Adapted& run, const Matrix& matrix, bool dropped, float scale, const float* low, int low_stride, value* x,
    int x_stride) {
    const int EACH = UP_ROWS / WARPS;
    __shared__ float rows[UP_ROWS][RANKS];
    int first = run.begin + blockIdx.x * UP_ROWS;
    if (first >= run.end) return;
    int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES, s = blockIdx.z;
    float sums[EACH][4] = {};
    for (int k0 = 0; k0 < run.rank; k0 += RANKS) {
        __syncthreads();
        for (int i = threadIdx.x; i < UP_ROWS * RANKS; i += THREADS) {
            int row = first + i / RANKS, k = k0 + i % RANKS;
            rows[i / RANKS][i % RANKS] = row < run.end && k < run.rank ? low[(u64)row * low_stride + k] : 0.0f;
        }
        float w[RANKS][4];
        #pragma unroll
        for (int q = 0; q < 4; q++)
            #pragma unroll
            for (int k = 0; k < RANKS; k++) w[k][q] = matrix.at(k0 + k, column(s, lane, q));
        __syncthreads();
        #pragma unroll
        for (int r = 0; r < EACH; r++) {
            #pragma unroll
            for (int k = 0; k < RANKS; k += 4) {
                float4 l = four(&rows[warp * EACH + r][k]);
                #pragma unroll
                for (int q = 0; q < 4; q++)
                    sums[r][q] += l.x * w[k][q] + l.y * w[k + 1][q] + l.z * w[k + 2][q] + l.w * w[k + 3][q];
            }
        }
    }
    bool drops = dropped && run.threshold;
    #pragma unroll
    for (int r = 0; r < EACH; r++) {
        int row = first + warp * EACH + r;
        if (row >= run.end) break;
        u64 random = drops ? bits(run.key, word_of(row - run.begin, matrix.columns, s, lane)) : 0;
        #pragma unroll
        for (int q = 0; q < 4; q++) {
            int e = column(s, lane, q);
            if (e >= matrix.columns) continue;
            float change = scale * sums[r][q];
            if (drops) change *= kept(random, q, run.threshold, run.dropout_scale);
            value* to = &x[(u64)row * x_stride + e];
            *to = rounded(load(*to) + change);
        }
    }
}

extern "C" __global__ void lora_up_a(
    const float* low, value* x, int x_stride, int columns, const __grid_constant__ AdaptedRuns runs) {
    const Adapted& run = runs.run[blockIdx.y];
    up(run, a_of(run, columns), true, 1.0f, low, runs.stride, x, x_stride);
}

extern "C" __global__ void lora_up_b(
    const float* low, value* x, int x_stride, int columns, const __grid_constant__ AdaptedRuns runs) {
    const Adapted& run = runs.run[blockIdx.y];
    up(run, b_of(run, columns), false, run.scale, low, runs.stride, x, x_stride);
}

// gradient += low' x: of A with dropped x, of B scaled. The first block of a run adds up its micro-batches, one after the
// other, so that what comes out does not depend on how many share a launch.
__device__ __forceinline__ void weights(
    const AdaptedRuns& runs, bool of_a, const float* low, const value* x, int x_stride, int columns) {
    __shared__ float parts[WARPS / 2][RANKS][STRIP];
    int index = blockIdx.y, k0 = blockIdx.z * RANKS, s = blockIdx.x;
    float* gradient = of_a ? runs.run[index].a_gradient : runs.run[index].b_gradient;
    if (index > 0 && gradient == (of_a ? runs.run[index - 1].a_gradient : runs.run[index - 1].b_gradient)) return;
    int rank = runs.run[index].rank;
    if (k0 >= rank) return;
    int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES;
    for (; index < runs.count; index++) {
        const Adapted& run = runs.run[index];
        if ((of_a ? run.a_gradient : run.b_gradient) != gradient) break;
        bool drops = of_a && run.threshold;
        float sums[RANKS][4] = {};
        for (int row = run.begin + warp; row < run.end; row += WARPS) {
            u64 random = drops ? bits(run.key, word_of(row - run.begin, columns, s, lane)) : 0;
            float element[4];
            #pragma unroll
            for (int q = 0; q < 4; q++) {
                int e = column(s, lane, q);
                element[q] = e < columns ? load(x[(u64)row * x_stride + e]) : 0.0f;
                if (drops) element[q] *= kept(random, q, run.threshold, run.dropout_scale);
            }
            #pragma unroll
            for (int k = 0; k < RANKS; k++) {
                float l = k0 + k < rank ? low[(u64)row * runs.stride + k0 + k] : 0.0f;
                #pragma unroll
                for (int q = 0; q < 4; q++) sums[k][q] += l * element[q];
            }
        }
        for (int half = WARPS / 2; half; half /= 2) {
            __syncthreads();
            if (warp >= half && warp < 2 * half)
                #pragma unroll
                for (int k = 0; k < RANKS; k++)
                    #pragma unroll
                    for (int q = 0; q < 4; q++) parts[warp - half][k][q * LANES + lane] = sums[k][q];
            __syncthreads();
            if (warp < half)
                #pragma unroll
                for (int k = 0; k < RANKS; k++)
                    #pragma unroll
                    for (int q = 0; q < 4; q++) sums[k][q] += parts[warp][k][q * LANES + lane];
        }
        if (warp) continue;
        float scale = of_a ? 1.0f : run.scale;
        #pragma unroll
        for (int k = 0; k < RANKS; k++)
            #pragma unroll
            for (int q = 0; q < 4; q++) {
                int e = column(s, lane, q);
                if (k0 + k >= rank || e >= columns) continue;
                gradient[of_a ? (u64)(k0 + k) * columns + e : (u64)e * rank + k0 + k] += scale * sums[k][q];
            }
    }
}

extern "C" __global__ void lora_weights_a(
    const float* low, const value* x, int x_stride, int columns, const __grid_constant__ AdaptedRuns runs) {
    weights(runs, true, low, x, x_stride, columns);
}

extern "C" __global__ void lora_weights_b(
    const float* low, const value* x, int x_stride, int columns, const __grid_constant__ AdaptedRuns runs) {
    weights(runs, false, low, x, x_stride, columns);
}
