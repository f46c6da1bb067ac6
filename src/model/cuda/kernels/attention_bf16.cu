// Attention as in attention.cu, with products in bfloat16 on tensor cores: a warp takes 16 of a block's 64 tokens (queries, or
// in `attention_keys` keys) and goes over the other side in pieces of 32. In the layout of the products' results a lane has
// rows lane / 4 and 8 more, and columns 2 * (lane % 4) and the one after it, of each 8 x 8 part.

const int TOKENS = 64;
const int ATTENDING = TOKENS / 16;
const int PIECE = 32;
const int PITCH = HEAD_SIZE + 8;
// Steps of 16 along a head, and parts of 8 columns.
const int STEPS = HEAD_SIZE / 16;
const int PARTS_OF_HEAD = HEAD_SIZE / 8;

typedef value Tile[TOKENS][PITCH];

// The left side of a product: 16 x 16 values.
struct Left {
    unsigned part[4];
};

__device__ __forceinline__ unsigned pair(float low, float high) {
    unsigned both;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
    return both;
}

__device__ __forceinline__ void load_parts(unsigned (&part)[4], const value* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(part[0]), "=r"(part[1]), "=r"(part[2]), "=r"(part[3])
                 : "r"((unsigned)__cvta_generic_to_shared(row)));
}

__device__ __forceinline__ void load_turned(unsigned (&part)[4], const value* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(part[0]), "=r"(part[1]), "=r"(part[2]), "=r"(part[3])
                 : "r"((unsigned)__cvta_generic_to_shared(row)));
}

__device__ __forceinline__ void multiply(float (&sum)[4], const Left& left, unsigned right_0, unsigned right_1) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(left.part[0]), "r"(left.part[1]), "r"(left.part[2]), "r"(left.part[3]), "r"(right_0), "r"(right_1));
}

// Rows first.. of a sequence's `count`, zeros behind them.
__device__ __forceinline__ void fetch(Tile& to, const value* from, int stride, int first, int count, int head) {
    const int GROUPS = HEAD_SIZE / 8;
    for (int i = threadIdx.x; i < TOKENS * GROUPS; i += ATTENDING * LANES) {
        int row = i / GROUPS, e = i % GROUPS * 8;
        uint4 values = make_uint4(0, 0, 0, 0);
        if (first + row < count) values = *(const uint4*)&from[(u64)(first + row) * stride + head * HEAD_SIZE + e];
        *(uint4*)&to[row][e] = values;
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

extern "C" __global__ void attention_forward(
    const Piece* pieces, Inputs in, float scale, value* context, int context_stride, float* normalizer,
    const __grid_constant__ Runs runs) {
    __shared__ __align__(16) Tile query, key, values;
    Block block(pieces, runs, in.firsts);
    if (block.piece.first >= block.queries) return;
    int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES;
    int first = block.piece.first + warp * 16, length = block.piece.length;
    bool works = first < block.queries;
    fetch(query, in.query + (u64)block.query_row * in.query_stride, in.query_stride, block.piece.first, block.queries,
          block.head);
    __syncthreads();
    Left asking[STEPS];
    rows_of(asking, query, warp, lane);
    float sums[PARTS_OF_HEAD][4] = {}, divisor[2] = {}, largest[2] = {-infinity(), -infinity()};
    u64 start = (u64)block.piece.start * in.key_stride;
    for (int k0 = 0; k0 < length; k0 += TOKENS) {
        __syncthreads();
        fetch(key, in.key + start, in.key_stride, k0, length, block.head);
        fetch(values, in.values + start, in.key_stride, k0, length, block.head);
        __syncthreads();
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

extern "C" __global__ void attention_queries(
    const Piece* pieces, Inputs in, float scale, const value* context, const value* gradient, int context_stride,
    const float* normalizer, float* inner, value* query_gradient, int gradient_stride,
    const __grid_constant__ Runs runs) {
    __shared__ __align__(16) Tile query, asked, key, values;
    Block block(pieces, runs, in.firsts);
    if (block.piece.first >= block.queries) return;
    int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES;
    int first = block.piece.first + warp * 16, length = block.piece.length;
    bool works = first < block.queries;
    u64 context_start = (u64)block.query_row * context_stride;
    fetch(query, in.query + (u64)block.query_row * in.query_stride, in.query_stride, block.piece.first, block.queries,
          block.head);
    fetch(asked, gradient + context_start, context_stride, block.piece.first, block.queries, block.head);
    __syncthreads();
    Left asking[STEPS], changing[STEPS];
    rows_of(asking, query, warp, lane);
    rows_of(changing, asked, warp, lane);
    float sums[PARTS_OF_HEAD][4] = {}, divisor[2], along[2];
    #pragma unroll
    for (int r = 0; r < 2; r++) {
        int row = first + lane / 4 + 8 * r;
        float part = 0.0f;
        divisor[r] = 0.0f;
        if (row < block.queries) {
            const value* from = context + context_start + (u64)row * context_stride + block.head * HEAD_SIZE;
            for (int e = lane % 4; e < HEAD_SIZE; e += 4) part += load(from[e]) * load(asked[row - block.piece.first][e]);
            divisor[r] = normalizer[(u64)(block.query_row + row) * HEADS + block.head];
        }
        along[r] = sum_of_row(part);
        if (lane % 4 == 0 && row < block.queries) inner[(u64)(block.query_row + row) * HEADS + block.head] = along[r];
    }
    u64 start = (u64)block.piece.start * in.key_stride;
    for (int k0 = 0; k0 < length; k0 += TOKENS) {
        __syncthreads();
        fetch(key, in.key + start, in.key_stride, k0, length, block.head);
        fetch(values, in.values + start, in.key_stride, k0, length, block.head);
        __syncthreads();
        for (int k = k0; works && k < length && k < k0 + TOKENS; k += PIECE) {
            float scores[4][4] = {}, changes[4][4] = {};
            products(scores, asking, key, k - k0, lane);
            products(changes, changing, values, k - k0, lane);
            drop(changes, block, first + lane / 4, k, lane);
            #pragma unroll
            for (int part = 0; part < 4; part++)
                #pragma unroll
                for (int c = 0; c < 4; c++) {
                    bool there = k + part * 8 + lane % 4 * 2 + c % 2 < length;
                    float weight = there ? __expf(scale * scores[part][c] - divisor[c / 2]) : 0.0f;
                    scores[part][c] = weight * (changes[part][c] - along[c / 2]);
                }
            accumulate(sums, scores, key, k - k0, lane);
        }
    }
    if (!works) return;
    value* to = query_gradient + (u64)block.query_row * gradient_stride;
    store(to, gradient_stride, block.head, sums, scale, scale, first, block.queries, lane);
}

extern "C" __global__ void attention_keys(
    const Piece* pieces, Inputs in, float scale, const value* gradient, int context_stride, const float* normalizer,
    const float* inner, value* key_gradient, value* value_gradient, int gradient_stride,
    const __grid_constant__ Runs runs) {
    __shared__ __align__(16) Tile query, asked, key, values;
    __shared__ float divisors[TOKENS], alongs[TOKENS];
    Block block(pieces, runs, in.firsts);
    int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES;
    int first = block.piece.first + warp * 16, length = block.piece.length;
    bool works = first < length;
    u64 start = (u64)block.piece.start * in.key_stride;
    fetch(key, in.key + start, in.key_stride, block.piece.first, length, block.head);
    fetch(values, in.values + start, in.key_stride, block.piece.first, length, block.head);
    __syncthreads();
    Left keys[STEPS], valued[STEPS];
    rows_of(keys, key, warp, lane);
    rows_of(valued, values, warp, lane);
    float key_sums[PARTS_OF_HEAD][4] = {}, value_sums[PARTS_OF_HEAD][4] = {};
    for (int q0 = 0; q0 < block.queries; q0 += TOKENS) {
        __syncthreads();
        fetch(query, in.query + (u64)block.query_row * in.query_stride, in.query_stride, q0, block.queries, block.head);
        fetch(asked, gradient + (u64)block.query_row * context_stride, context_stride, q0, block.queries, block.head);
        if (threadIdx.x < TOKENS && q0 + threadIdx.x < block.queries) {
            u64 row = (u64)(block.query_row + q0 + threadIdx.x) * HEADS + block.head;
            divisors[threadIdx.x] = normalizer[row];
            alongs[threadIdx.x] = inner[row];
        }
        __syncthreads();
        for (int q = q0; works && q < block.queries && q < q0 + TOKENS; q += PIECE) {
            float weights[4][4] = {}, changes[4][4] = {};
            products(weights, keys, query, q - q0, lane);
            products(changes, valued, asked, q - q0, lane);
            #pragma unroll
            for (int part = 0; part < 4; part++)
                #pragma unroll
                for (int c = 0; c < 2; c++) {
                    int asks = q + part * 8 + lane % 4 * 2 + c;
                    bool there = asks < block.queries;
                    float divisor = there ? divisors[asks - q0] : 0.0f, along = there ? alongs[asks - q0] : 0.0f;
                    // Both of the lane's keys lie in one word, whose number is that of the lane's first row.
                    u64 word = block.word + (u64)asks * ROW_WORDS + first / BLOCK * 8 + lane / 4;
                    u64 random = block.run.threshold ? bits(block.run.key, word) : 0;
                    #pragma unroll
                    for (int r = 0; r < 2; r++) {
                        bool real = there && first + lane / 4 + 8 * r < length;
                        float& weight = weights[part][2 * r + c];
                        float& change = changes[part][2 * r + c];
                        float own = real ? __expf(scale * weight - divisor) : 0.0f;
                        float mask = kept(random, first % BLOCK / 8 + r, block.run.threshold, block.run.scale);
                        weight = own * mask;
                        change = own * (change * mask - along);
                    }
                }
            accumulate(key_sums, changes, query, q - q0, lane);
            accumulate(value_sums, weights, asked, q - q0, lane);
        }
    }
    if (!works) return;
    u64 at = (u64)block.piece.start * gradient_stride;
    store(key_gradient + at, gradient_stride, block.head, key_sums, scale, scale, first, length, lane);
    store(value_gradient + at, gradient_stride, block.head, value_sums, 1.0f, 1.0f, first, length, lane);
}
