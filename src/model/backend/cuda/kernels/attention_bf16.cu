// Attention as in attention.cu, with products in bfloat16 on tensor cores: a warp takes 16 of a block's 64 tokens (queries, or
// in the backward pass keys) and goes over the other side in pieces of 32.

const int TOKENS = TOKENS_PER_PIECE;
const int ATTENDING = ATTENTION_WARPS;
static_assert(TOKENS == 16 * ATTENDING, "a warp takes 16 tokens");
const int PIECE = 32;
const int PITCH = HEAD_SIZE + 8;
// Steps of 16 along a head, and parts of 8 columns.
const int STEPS = HEAD_SIZE / 16;
const int PARTS_OF_HEAD = HEAD_SIZE / 8;

typedef value Tile[TOKENS][PITCH];

// Begins to fetch rows first.. of a sequence's `count`, zeros behind them. They are there after `arrive`.
__device__ __forceinline__ void fetch(Tile& to, const value* from, int stride, int first, int count, int head) {
    const int GROUPS = HEAD_SIZE / 8;
    #pragma unroll
    for (int i = threadIdx.x; i < TOKENS * GROUPS; i += ATTENDING * LANES) {
        int row = i / GROUPS, e = i % GROUPS * 8;
        bool there = first + row < count;
        const value* at = &from[(u64)(there ? first + row : 0) * stride + head * HEAD_SIZE + e];
        fetch_16_bytes(&to[row][e], at, there);
    }
}

// A warp's 16 rows of a tile.
__device__ __forceinline__ void rows_of(Left (&left)[STEPS], const Tile& tile, int warp, int lane) {
    #pragma unroll
    for (int step = 0; step < STEPS; step++)
        load_parts(left[step].part, &tile[warp * 16 + lane % 16][step * 16 + lane / 16 * 8]);
}

// The warp's rows times 32 rows of a tile from `first` on.
__device__ __forceinline__ void products(
    float (&sums)[4][4], const Left (&left)[STEPS], const Tile& tile, int first, int lane) {
    #pragma unroll
    for (int step = 0; step < STEPS; step++)
        #pragma unroll
        for (int half = 0; half < 2; half++) {
            unsigned right[4];
            int row = first + half * 16 + lane % 8 + lane / 16 * 8;
            load_parts(right, &tile[row][step * 16 + lane / 8 % 2 * 8]);
            multiply(sums[2 * half], left[step], right[0], right[1]);
            multiply(sums[2 * half + 1], left[step], right[2], right[3]);
        }
}

// sums += weights of 32 tokens times these tokens' rows of a tile, from `first` on.
__device__ __forceinline__ void accumulate(
    float (&sums)[PARTS_OF_HEAD][4], const float (&weights)[4][4], const Tile& tile, int first, int lane) {
    #pragma unroll
    for (int half = 0; half < 2; half++) {
        const float(&low)[4] = weights[2 * half], (&high)[4] = weights[2 * half + 1];
        Left left = {{pair(low[0], low[1]), pair(low[2], low[3]), pair(high[0], high[1]), pair(high[2], high[3])}};
        #pragma unroll
        for (int step = 0; step < STEPS; step++) {
            unsigned right[4];
            load_turned(right, &tile[first + half * 16 + lane % 16][step * 16 + lane / 16 * 8]);
            multiply(sums[2 * step], left, right[0], right[1]);
            multiply(sums[2 * step + 1], left, right[2], right[3]);
        }
    }
}

// Of the four lanes that share rows.
__device__ __forceinline__ float sum_of_row(float x) {
    x += __shfl_xor_sync(~0u, x, 1);
    return x + __shfl_xor_sync(~0u, x, 2);
}

__device__ __forceinline__ float max_of_row(float x) {
    x = fmaxf(x, __shfl_xor_sync(~0u, x, 1));
    return fmaxf(x, __shfl_xor_sync(~0u, x, 2));
}

// Applies the dropout of attention weights to 32 keys of two queries.
__device__ __forceinline__ void drop(float (&weights)[4][4], const Block& block, int query, int first_key, int lane) {
    if (!block.run.threshold) return;
    #pragma unroll
    for (int i = 0; i < 4; i++) {
        u64 row = block.word + (u64)(query + i / 2 * 8) * ROW_WORDS;
        u64 random = bits(block.run.key, row + first_key / BLOCK * 8 + lane % 4 * 2 + i % 2);
        #pragma unroll
        for (int part = 0; part < 4; part++)
            weights[part][i] *= kept(random, part, block.run.threshold, block.run.scale);
    }
}

// Writes a row's columns: two rows of a lane, those of them that the sequence has.
__device__ __forceinline__ void store(
    value* to, int stride, int head, const float (&sums)[PARTS_OF_HEAD][4], float scale_0, float scale_1, int first,
    int count, int lane) {
    #pragma unroll
    for (int r = 0; r < 2; r++) {
        int row = first + lane / 4 + 8 * r;
        if (row >= count) continue;
        float scale = r ? scale_1 : scale_0;
        value* at = to + (u64)row * stride + head * HEAD_SIZE + lane % 4 * 2;
        #pragma unroll
        for (int part = 0; part < PARTS_OF_HEAD; part++)
            *(unsigned*)&at[part * 8] = pair(scale * sums[part][2 * r], scale * sums[part][2 * r + 1]);
    }
}

extern "C" __global__ void __launch_bounds__(ATTENDING * LANES, 4) attention_forward(
    const Piece* pieces, Inputs in, float scale, value* context, int context_stride, float* normalizer,
    const __grid_constant__ Runs runs) {
    __shared__ __align__(16) Tile query, key, values;
    Block block(pieces, blockIdx.x, runs, in.firsts);
    if (block.piece.first >= block.queries) return;
    int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES;
    int first = block.piece.first + warp * 16, length = block.piece.length;
    bool works = first < block.queries;
    fetch(query, in.query + (u64)block.query_row * in.query_stride, in.query_stride, block.piece.first, block.queries,
          block.head);
    Left asking[STEPS];
    float sums[PARTS_OF_HEAD][4] = {}, divisor[2] = {}, largest[2] = {-infinity(), -infinity()};
    u64 start = (u64)block.piece.start * in.key_stride;
    for (int k0 = 0; k0 < length; k0 += TOKENS) {
        if (k0) __syncthreads();
        fetch(key, in.key + start, in.key_stride, k0, length, block.head);
        fetch(values, in.values + start, in.key_stride, k0, length, block.head);
        arrive();
        if (k0 == 0) rows_of(asking, query, warp, lane);
        for (int k = k0; works && k < length && k < k0 + TOKENS; k += PIECE) {
            float weights[4][4] = {};
            products(weights, asking, key, k - k0, lane);
            #pragma unroll
            for (int r = 0; r < 2; r++) {
                float most = -infinity();
                #pragma unroll
                for (int part = 0; part < 4; part++)
                    #pragma unroll
                    for (int c = 2 * r; c < 2 * r + 2; c++) {
                        bool there = k + part * 8 + lane % 4 * 2 + c % 2 < length;
                        weights[part][c] = there ? scale * weights[part][c] : -infinity();
                        most = fmaxf(most, weights[part][c]);
                    }
                float now = fmaxf(largest[r], max_of_row(most)), shrink = __expf(largest[r] - now);
                largest[r] = now;
                divisor[r] *= shrink;
                #pragma unroll
                for (int part = 0; part < 4; part++)
                    #pragma unroll
                    for (int c = 2 * r; c < 2 * r + 2; c++) {
                        weights[part][c] = __expf(weights[part][c] - now);
                        divisor[r] += weights[part][c];
                    }
                #pragma unroll
                for (int part = 0; part < PARTS_OF_HEAD; part++) {
                    sums[part][2 * r] *= shrink;
                    sums[part][2 * r + 1] *= shrink;
                }
            }
            drop(weights, block, first + lane / 4, k, lane);
            accumulate(sums, weights, values, k - k0, lane);
        }
    }
    if (!works) return;
    float all_0 = sum_of_row(divisor[0]), all_1 = sum_of_row(divisor[1]);
    value* to = context + (u64)block.query_row * context_stride;
    store(to, context_stride, block.head, sums, 1.0f / all_0, 1.0f / all_1, first, block.queries, lane);
    #pragma unroll
    for (int r = 0; r < 2; r++) {
        int row = first + lane / 4 + 8 * r;
        if (lane % 4 == 0 && row < block.queries)
            normalizer[(u64)(block.query_row + row) * HEADS + block.head] = largest[r] + logf(r ? all_1 : all_0);
    }
}
