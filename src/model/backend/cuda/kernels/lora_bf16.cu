// LoRA with products in bfloat16 on tensor cores; columns come in whole thirty-twos.

// Rows and columns that a warp takes at a time.
const int COLUMNS = 32;

__device__ __forceinline__ unsigned scaled(unsigned both, float first, float second) {
    return pair(first_of(both) * first, second_of(both) * second);
}

// Ranks k and columns of A or B as the right side of a product: two columns of one rank.
template <bool OF_A> __device__ __forceinline__ unsigned two_columns(const Adapted& run, int columns, int k, int e) {
    if (k >= run.rank) return 0;
    if (OF_A) {
        float2 both = *(const float2*)&run.a[(u64)k * columns + e];
        return pair(both.x, both.y);
    }
    return pair(run.b[(u64)e * run.rank + k], run.b[(u64)(e + 1) * run.rank + k]);
}

// low = dropout(x) A', or low = scale * x B. The warps of a block share the columns.
template <bool OF_A> __device__ __forceinline__ void down(
    const Adapted& run, const value* x, int x_stride, int columns, float* low, int low_stride) {
    __shared__ float parts[WARPS][DOWN_ROWS][RANKS];
    int first = run.begin + blockIdx.x * DOWN_ROWS, k0 = blockIdx.z * RANKS;
    if (first >= run.end || k0 >= run.rank) return;
    int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES;
    float sums[2][2][4] = {};
    #pragma unroll 3
    for (int e = warp * COLUMNS; e < columns; e += WARPS * COLUMNS) {
        unsigned right[2][2][2];
        #pragma unroll
        for (int step = 0; step < 2; step++)
            #pragma unroll
            for (int part = 0; part < 2; part++)
                #pragma unroll
                for (int half = 0; half < 2; half++)
                    right[step][part][half] = two_columns<OF_A>(
                        run, columns, k0 + part * 8 + lane / 4, e + step * 16 + half * 8 + lane % 4 * 2);
        #pragma unroll
        for (int tile = 0; tile < 2; tile++) {
            Left left[2];
            #pragma unroll
            for (int r = 0; r < 2; r++) {
                int row = first + tile * 16 + lane / 4 + 8 * r;
                const value* from = &x[(u64)row * x_stride + e + lane % 4 * 2];
                unsigned both[4];
                #pragma unroll
                for (int i = 0; i < 4; i++) both[i] = row < run.end ? *(const unsigned*)&from[8 * i] : 0;
                if (OF_A && run.threshold) {
                    u64 word = (row - run.begin) * words_of(columns) + e / BLOCK * 8 + lane % 4 * 2;
                    u64 random = bits(run.key, word), next = bits(run.key, word + 1);
                    #pragma unroll
                    for (int i = 0; i < 4; i++)
                        both[i] = scaled(both[i], kept(random, i, run.threshold, run.dropout_scale),
                                         kept(next, i, run.threshold, run.dropout_scale));
                }
                left[0].part[r] = both[0], left[0].part[2 + r] = both[1];
                left[1].part[r] = both[2], left[1].part[2 + r] = both[3];
            }
            #pragma unroll
            for (int step = 0; step < 2; step++)
                #pragma unroll
                for (int part = 0; part < 2; part++)
                    multiply(sums[tile][part], left[step], right[step][part][0], right[step][part][1]);
        }
    }
    #pragma unroll
    for (int tile = 0; tile < 2; tile++)
        #pragma unroll
        for (int part = 0; part < 2; part++)
            #pragma unroll
            for (int i = 0; i < 4; i++)
                parts[warp][tile * 16 + lane / 4 + i / 2 * 8][part * 8 + lane % 4 * 2 + i % 2] = sums[tile][part][i];
    __syncthreads();
    for (int i = threadIdx.x; i < DOWN_ROWS * RANKS; i += THREADS) {
        int row = i / RANKS, k = i % RANKS;
        float sum = 0.0f;
        #pragma unroll
        for (int part = 0; part < WARPS; part++) sum += parts[part][row][k];
        if (first + row < run.end && k0 + k < low_stride)
            low[(u64)(first + row) * low_stride + k0 + k] = OF_A ? sum : run.scale * sum;
    }
}

extern "C" __global__ void lora_down_a(
    const value* x, int x_stride, int columns, float* low, const __grid_constant__ AdaptedRuns runs) {
    down<true>(runs.run[blockIdx.y], x, x_stride, columns, low, runs.stride);
}

extern "C" __global__ void lora_down_b(
    const value* x, int x_stride, int columns, float* low, const __grid_constant__ AdaptedRuns runs) {
    down<false>(runs.run[blockIdx.y], x, x_stride, columns, low, runs.stride);
}

// Rows of a block, 32 for each warp, and its columns.

// A or B as the right side of a product: two ranks of one column.
template <bool OF_A> __device__ __forceinline__ unsigned two_ranks(const Adapted& run, int columns, int k, int e) {
    if (e >= columns) return 0;
    const float* first = OF_A ? &run.a[(u64)k * columns + e] : &run.b[(u64)e * run.rank + k];
    return pair(k < run.rank ? first[0] : 0.0f, k + 1 < run.rank ? first[OF_A ? columns : 1] : 0.0f);
}

// x += dropout(low A), or x += scale * low B'.
template <bool OF_A> __device__ __forceinline__ void up(
    const Adapted& run, const float* low, int low_stride, value* x, int x_stride, int columns) {
    int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES;
    int first = run.begin + blockIdx.x * UP_ROWS + warp * 32, e0 = blockIdx.z * UP_COLUMNS;
    if (first >= run.end) return;
    float sums[2][UP_COLUMNS / 8][4] = {};
    for (int k0 = 0; k0 < run.rank; k0 += RANKS) {
        Left left[2];
        #pragma unroll
        for (int tile = 0; tile < 2; tile++)
            #pragma unroll
            for (int i = 0; i < 4; i++) {
                int row = first + tile * 16 + lane / 4 + i % 2 * 8, k = k0 + i / 2 * 8 + lane % 4 * 2;
                const float* from = &low[(u64)row * low_stride + k];
                left[tile].part[i] = row < run.end
                    ? pair(k < run.rank ? from[0] : 0.0f, k + 1 < run.rank ? from[1] : 0.0f) : 0;
            }
        #pragma unroll
        for (int part = 0; part < UP_COLUMNS / 8; part++) {
            int e = e0 + part * 8 + lane / 4;
            unsigned right_0 = two_ranks<OF_A>(run, columns, k0 + lane % 4 * 2, e);
            unsigned right_1 = two_ranks<OF_A>(run, columns, k0 + 8 + lane % 4 * 2, e);
            multiply(sums[0][part], left[0], right_0, right_1);
            multiply(sums[1][part], left[1], right_0, right_1);
        }
    }
    #pragma unroll
    for (int tile = 0; tile < 2; tile++)
        #pragma unroll
        for (int r = 0; r < 2; r++) {
            int row = first + tile * 16 + lane / 4 + 8 * r;
            if (row >= run.end) continue;
            #pragma unroll
            for (int block = 0; block < UP_COLUMNS / BLOCK; block++) {
                int e = e0 + block * BLOCK + lane % 4 * 2;
                if (e >= columns) continue;
                u64 word = (row - run.begin) * words_of(columns) + e / BLOCK * 8 + lane % 4 * 2;
                bool drops = OF_A && run.threshold;
                u64 random = drops ? bits(run.key, word) : 0, next = drops ? bits(run.key, word + 1) : 0;
                unsigned* to = (unsigned*)&x[(u64)row * x_stride + e];
                #pragma unroll
                for (int i = 0; i < 4; i++) {
                    float change_0 = sums[tile][block * 4 + i][2 * r], change_1 = sums[tile][block * 4 + i][2 * r + 1];
                    if (OF_A) {
                        if (drops) change_0 *= kept(random, i, run.threshold, run.dropout_scale);
                        if (drops) change_1 *= kept(next, i, run.threshold, run.dropout_scale);
                    } else {
                        change_0 *= run.scale, change_1 *= run.scale;
                    }
                    unsigned both = to[4 * i];
                    to[4 * i] = pair(first_of(both) + change_0, second_of(both) + change_1);
                }
            }
        }
}

extern "C" __global__ void lora_up_a(
    const float* low, value* x, int x_stride, int columns, const __grid_constant__ AdaptedRuns runs) {
    up<true>(runs.run[blockIdx.y], low, runs.stride, x, x_stride, columns);
}

extern "C" __global__ void lora_up_b(
    const float* low, value* x, int x_stride, int columns, const __grid_constant__ AdaptedRuns runs) {
    up<false>(runs.run[blockIdx.y], low, runs.stride, x, x_stride, columns);
}

const int PART_COLUMNS = STRIP;

// Parts of low' x, for the gradient of A with dropped x: part (run, rows) is [stride, columns]. grid.y counts `most` parts for
// each run. The first four warps multiply, 32 columns each; all fetch.
extern "C" __global__ void lora_parts(
    const float* low, const value* x, int x_stride, int columns, int of_a, int most, float* parts,
    const __grid_constant__ AdaptedRuns runs) {
    __shared__ __align__(16) value rows[PART_ROWS][PART_COLUMNS + 8];
    const Adapted& run = runs.run[blockIdx.y / most];
    int begin = run.begin + blockIdx.y % most * PART_ROWS, end = min(run.end, begin + PART_ROWS);
    int e0 = blockIdx.x * PART_COLUMNS, k0 = blockIdx.z * RANKS;
    if (begin >= end || k0 >= run.rank) return;
    const int GROUPS = PART_COLUMNS / 8;
    for (int i = threadIdx.x; i < PART_ROWS * GROUPS; i += THREADS) {
        int row = i / GROUPS, e = i % GROUPS * 8;
        bool there = begin + row < end && e0 + e < columns;
        fetch_16_bytes(&rows[row][e], there ? &x[(u64)(begin + row) * x_stride + e0 + e] : x, there);
    }
    arrive();
    int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES, e = warp * COLUMNS;
    if (warp >= PART_COLUMNS / COLUMNS || e0 + e >= columns) return;
    bool drops = of_a && run.threshold;
    float sums[4][4] = {};
    for (int r0 = 0; r0 < end - begin; r0 += 16) {
        Left left;
        #pragma unroll
        for (int i = 0; i < 4; i++) {
            int row = begin + r0 + i / 2 * 8 + lane % 4 * 2, k = k0 + i % 2 * 8 + lane / 4;
            bool there = k < run.rank;
            float first = there && row < end ? low[(u64)row * runs.stride + k] : 0.0f;
            float second = there && row + 1 < end ? low[(u64)(row + 1) * runs.stride + k] : 0.0f;
            left.part[i] = pair(first, second);
        }
        unsigned right[2][4];
        #pragma unroll
        for (int half = 0; half < 2; half++)
            load_turned(right[half], &rows[r0 + lane % 16][e + half * 16 + lane / 16 * 8]);
        if (drops) {
            #pragma unroll
            for (int i = 0; i < 2; i++) {
                int row = begin - run.begin + r0 + i * 8 + lane % 4 * 2;
                u64 word = row * words_of(columns) + (e0 + e) / BLOCK * 8 + lane / 4;
                u64 random = bits(run.key, word), next = bits(run.key, word + words_of(columns));
                #pragma unroll
                for (int part = 0; part < 4; part++) {
                    unsigned& both = right[part / 2][part % 2 * 2 + i];
                    both = scaled(both, kept(random, part, run.threshold, run.dropout_scale),
                                  kept(next, part, run.threshold, run.dropout_scale));
                }
            }
        }
        #pragma unroll
        for (int part = 0; part < 4; part++)
            multiply(sums[part], left, right[part / 2][part % 2 * 2], right[part / 2][part % 2 * 2 + 1]);
    }
    #pragma unroll
    for (int part = 0; part < 4; part++)
        #pragma unroll
        for (int r = 0; r < 2; r++) {
            int k = k0 + lane / 4 + 8 * r;
            if (k < run.rank)
                *(float2*)&parts[((u64)blockIdx.y * runs.stride + k) * columns + e0 + e + part * 8 + lane % 4 * 2] =
                    make_float2(sums[part][2 * r], sums[part][2 * r + 1]);
        }
}
