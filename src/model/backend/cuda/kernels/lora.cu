// LoRA with products of float32 numbers.

// One of the two matrices, as what maps ranks to columns.
struct Matrix {
    const float* values;
    int rank, columns;
    bool rank_first;
    __device__ __forceinline__ float at(int k, int column) const {
        if (k >= rank || column >= columns) return 0.0f;
        return rank_first ? values[(u64)k * columns + column] : values[(u64)column * rank + k];
    }
    // Sixteen ranks of four columns, zeros where there are none.
    __device__ __forceinline__ void strip(float (&w)[RANKS][4], int k0, int column) const {
        if (rank_first) {
            #pragma unroll
            for (int k = 0; k < RANKS; k++)
                if (k0 + k < rank && column < columns) load4(w[k], &values[(u64)(k0 + k) * columns + column]);
                else w[k][0] = w[k][1] = w[k][2] = w[k][3] = 0.0f;
        } else if (rank % 4 == 0 && column < columns) {
            #pragma unroll
            for (int i = 0; i < 4; i++)
                #pragma unroll
                for (int k = 0; k < RANKS; k += 4) {
                    float some[4] = {};
                    if (k0 + k < rank) load4(some, &values[(u64)(column + i) * rank + k0 + k]);
                    #pragma unroll
                    for (int j = 0; j < 4; j++) w[k + j][i] = some[j];
                }
        } else {
            #pragma unroll
            for (int i = 0; i < 4; i++)
                #pragma unroll
                for (int k = 0; k < RANKS; k++) w[k][i] = at(k0 + k, column + i);
        }
    }
};

__device__ __forceinline__ Matrix a_of(const Adapted& run, int columns) { return {run.a, run.rank, columns, true}; }
__device__ __forceinline__ Matrix b_of(const Adapted& run, int columns) { return {run.b, run.rank, columns, false}; }

// low = dropout(x) A', or low = scale * x B.
__device__ __forceinline__ void down(
    const Adapted& run, const Matrix& matrix, bool dropped, float scale, const value* x, int x_stride, float* low,
    int low_stride) {
    __shared__ __align__(16) float rows[DOWN_ROWS][STRIP + 4], ranks[RANKS][STRIP + 4];
    int first = run.begin + blockIdx.x * DOWN_ROWS;
    int k0 = blockIdx.z * RANKS;
    if (first >= run.end || k0 >= run.rank) return;
    int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES;
    bool drops = dropped && run.threshold;
    float sums[RANKS / WARPS] = {};
    for (int s = 0; s * STRIP < matrix.columns; s++) {
        __syncthreads();
        int e = s * STRIP + 4 * lane;
        #pragma unroll
        for (int r = warp; r < DOWN_ROWS; r += WARPS) {
            int row = first + r;
            float element[4] = {};
            if (row < run.end && e < matrix.columns) load4(element, &x[(u64)row * x_stride + e]);
            if (drops) {
                Four random(run.key, row - run.begin, matrix.columns, s, lane);
                #pragma unroll
                for (int i = 0; i < 4; i++) element[i] *= random.kept(i, run.threshold, run.dropout_scale);
            }
            *(float4*)&rows[r][4 * lane] = make_float4(element[0], element[1], element[2], element[3]);
        }
        if (matrix.rank_first) {
            for (int i = threadIdx.x; i < RANKS * STRIP; i += THREADS)
                ranks[i / STRIP][i % STRIP] = matrix.at(k0 + i / STRIP, s * STRIP + i % STRIP);
        } else {
            for (int i = threadIdx.x; i < RANKS * STRIP; i += THREADS)
                ranks[i % RANKS][i / RANKS] = matrix.at(k0 + i % RANKS, s * STRIP + i / RANKS);
        }
        __syncthreads();
        #pragma unroll 4
        for (int e = 0; e < STRIP; e += 4) {
            float element[4];
            load4(element, &rows[lane][e]);
            #pragma unroll
            for (int k = 0; k < RANKS / WARPS; k++) {
                float w[4];
                load4(w, &ranks[warp * (RANKS / WARPS) + k][e]);
                #pragma unroll
                for (int i = 0; i < 4; i++) sums[k] += element[i] * w[i];
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

// x += dropout(low A), or x += scale * low B'.
__device__ __forceinline__ void up(
    const Adapted& run, const Matrix& matrix, bool dropped, float scale, const float* low, int low_stride, value* x,
    int x_stride) {
    const int EACH_WARPS = UP_ROWS / WARPS;
    __shared__ __align__(16) float rows[UP_ROWS][RANKS];
    int first = run.begin + blockIdx.x * UP_ROWS;
    if (first >= run.end) return;
    int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES, s = blockIdx.z, e = s * STRIP + 4 * lane;
    float sums[EACH_WARPS][4] = {};
    for (int k0 = 0; k0 < run.rank; k0 += RANKS) {
        __syncthreads();
        for (int i = threadIdx.x; i < UP_ROWS * RANKS; i += THREADS) {
            int row = first + i / RANKS, k = k0 + i % RANKS;
            rows[i / RANKS][i % RANKS] = row < run.end && k < run.rank ? low[(u64)row * low_stride + k] : 0.0f;
        }
        float w[RANKS][4];
        matrix.strip(w, k0, e);
        __syncthreads();
        #pragma unroll
        for (int r = 0; r < EACH_WARPS; r++) {
            #pragma unroll
            for (int k = 0; k < RANKS; k += 4) {
                float l[4];
                load4(l, &rows[warp * EACH_WARPS + r][k]);
                #pragma unroll
                for (int j = 0; j < 4; j++)
                    #pragma unroll
                    for (int i = 0; i < 4; i++) sums[r][i] += l[j] * w[k + j][i];
            }
        }
    }
    #pragma unroll
    for (int r = 0; r < EACH_WARPS; r++) {
        int row = first + warp * EACH_WARPS + r;
        if (row >= run.end) break;
        #pragma unroll
        for (int i = 0; i < 4; i++) sums[r][i] *= scale;
        if (dropped && run.threshold) {
            Four random(run.key, row - run.begin, matrix.columns, s, lane);
            #pragma unroll
            for (int i = 0; i < 4; i++) sums[r][i] *= random.kept(i, run.threshold, run.dropout_scale);
        }
        if (e >= matrix.columns) continue;
        value* to = &x[(u64)row * x_stride + e];
        float element[4];
        load4(element, to);
        #pragma unroll
        for (int i = 0; i < 4; i++) element[i] += sums[r][i];
        store4(to, element);
    }
}

extern "C" __global__ void __launch_bounds__(THREADS, 2) lora_up_a(
    const float* low, value* x, int x_stride, int columns, const __grid_constant__ AdaptedRuns runs) {
    const Adapted& run = runs.run[blockIdx.y];
    up(run, a_of(run, columns), true, 1.0f, low, runs.stride, x, x_stride);
}

extern "C" __global__ void __launch_bounds__(THREADS, 2) lora_up_b(
    const float* low, value* x, int x_stride, int columns, const __grid_constant__ AdaptedRuns runs) {
    const Adapted& run = runs.run[blockIdx.y];
    up(run, b_of(run, columns), false, run.scale, low, runs.stride, x, x_stride);
}

// Parts of low' x, for the gradient of A with dropped x: part (run, rows) is [stride, columns]. grid.y counts `most` parts for
// each run.
extern "C" __global__ void __launch_bounds__(THREADS, 2) lora_parts(
    const float* low, const value* x, int x_stride, int columns, int of_a, int most, float* parts,
    const __grid_constant__ AdaptedRuns runs) {
    __shared__ __align__(16) float halves[WARPS / 2][RANKS][STRIP];
    const Adapted& run = runs.run[blockIdx.y / most];
    int begin = run.begin + blockIdx.y % most * PART_ROWS, end = min(run.end, begin + PART_ROWS);
    int s = blockIdx.x, k0 = blockIdx.z * RANKS;
    if (begin >= end || k0 >= run.rank) return;
    int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES, e = s * STRIP + 4 * lane;
    bool drops = of_a && run.threshold;
    float sums[RANKS][4] = {};
    for (int row = begin + warp; row < end; row += WARPS) {
        float element[4] = {};
        if (e < columns) load4(element, &x[(u64)row * x_stride + e]);
        if (drops) {
            Four random(run.key, row - run.begin, columns, s, lane);
            #pragma unroll
            for (int i = 0; i < 4; i++) element[i] *= random.kept(i, run.threshold, run.dropout_scale);
        }
        #pragma unroll
        for (int k = 0; k < RANKS; k += 4) {
            float l[4] = {};
            if (k0 + k < runs.stride) load4(l, &low[(u64)row * runs.stride + k0 + k]);
            #pragma unroll
            for (int j = 0; j < 4; j++)
                #pragma unroll
                for (int i = 0; i < 4; i++) sums[k + j][i] += l[j] * element[i];
        }
    }
    for (int half = WARPS / 2; half; half /= 2) {
        __syncthreads();
        if (warp >= half && warp < 2 * half)
            #pragma unroll
            for (int k = 0; k < RANKS; k++)
                *(float4*)&halves[warp - half][k][4 * lane] = make_float4(sums[k][0], sums[k][1], sums[k][2], sums[k][3]);
        __syncthreads();
        if (warp < half)
            #pragma unroll
            for (int k = 0; k < RANKS; k++) {
                float other[4];
                load4(other, &halves[warp][k][4 * lane]);
                #pragma unroll
                for (int i = 0; i < 4; i++) sums[k][i] += other[i];
            }
    }
    if (warp || e >= columns) return;
    #pragma unroll
    for (int k = 0; k < RANKS; k++)
        if (k0 + k < run.rank)
            *(float4*)&parts[((u64)blockIdx.y * runs.stride + k0 + k) * columns + e] =
                make_float4(sums[k][0], sums[k][1], sums[k][2], sums[k][3]);
}
