// The backward pass of attention_bf16.cu.

// What the blocks of the backward pass share.
struct Shared {
    Tile query, asked, key, values;
    value scores[TOKENS][TOKENS + 8];
    float divisors[TOKENS], alongs[TOKENS];
};

// Where the backward pass finds what it needs, and puts the gradients of query, key and values.
struct Backward {
    const value* context;
    const value* gradient;
    const float* normalizer;
    value* query_gradient;
    value* key_gradient;
    value* value_gradient;
    int context_stride, query_stride, key_stride;
    // Pieces at the front that are parts of sequences.
    int partial;
};

static_assert(sizeof(Backward) == GRADIENTS_BYTES, "layout of the backward pass");

// For the queries from `q0` on: the logarithms of what softmax divided by, and the products of context and its gradient. Two
// threads share a query.
__device__ __forceinline__ void tables_of(Shared& shared, const Block& block, const Backward& of, int q0) {
    int row = threadIdx.x / 2;
    float part = 0.0f;
    if (q0 + row < block.queries) {
        u64 from = (u64)(block.query_row + q0 + row) * of.context_stride + block.head * HEAD_SIZE;
        #pragma unroll
        for (int e = threadIdx.x % 2 * 8; e < HEAD_SIZE; e += 16) {
            float x[8], y[8];
            load8(x, &of.context[from + e]);
            load8(y, &of.gradient[from + e]);
            #pragma unroll
            for (int i = 0; i < 8; i++) part += x[i] * y[i];
        }
        shared.divisors[row] = of.normalizer[(u64)(block.query_row + q0 + row) * HEADS + block.head];
    }
    part += __shfl_xor_sync(~0u, part, 1);
    shared.alongs[row] = part;
}

__device__ __forceinline__ void fetch_queries(
    Shared& shared, const Block& block, const Inputs& in, const Backward& of, int first) {
    u64 query = (u64)block.query_row * in.query_stride, context = (u64)block.query_row * of.context_stride;
    fetch(shared.query, in.query + query, in.query_stride, first, block.queries, block.head);
    fetch(shared.asked, of.gradient + context, of.context_stride, first, block.queries, block.head);
}

__device__ __forceinline__ void fetch_keys(Shared& shared, const Block& block, const Inputs& in, int first) {
    u64 start = (u64)block.piece.start * in.key_stride;
    fetch(shared.key, in.key + start, in.key_stride, first, block.piece.length, block.head);
    fetch(shared.values, in.values + start, in.key_stride, first, block.piece.length, block.head);
}

// The gradient of the queries of a piece.
__device__ __forceinline__ void query_gradients(
    Shared& shared, const Block& block, const Inputs& in, const Backward& of, float scale) {
    if (block.piece.first >= block.queries) return;
    int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES;
    int first = block.piece.first + warp * 16, length = block.piece.length;
    bool works = first < block.queries;
    fetch_queries(shared, block, in, of, block.piece.first);
    tables_of(shared, block, of, block.piece.first);
    Left asking[STEPS], changing[STEPS];
    float sums[PARTS_OF_HEAD][4] = {}, divisor[2], along[2];
    for (int k0 = 0; k0 < length; k0 += TOKENS) {
        if (k0) __syncthreads();
        fetch_keys(shared, block, in, k0);
        arrive();
        if (k0 == 0) {
            rows_of(asking, shared.query, warp, lane);
            rows_of(changing, shared.asked, warp, lane);
            #pragma unroll
            for (int r = 0; r < 2; r++) {
                int row = warp * 16 + lane / 4 + 8 * r;
                bool asks = block.piece.first + row < block.queries;
                divisor[r] = asks ? shared.divisors[row] : 0.0f;
                along[r] = shared.alongs[row];
            }
        }
        for (int k = k0; works && k < length && k < k0 + TOKENS; k += PIECE) {
            float scores[4][4] = {}, changes[4][4] = {};
            products(scores, asking, shared.key, k - k0, lane);
            products(changes, changing, shared.values, k - k0, lane);
            drop(changes, block, first + lane / 4, k, lane);
            #pragma unroll
            for (int part = 0; part < 4; part++)
                #pragma unroll
                for (int c = 0; c < 4; c++) {
                    bool there = k + part * 8 + lane % 4 * 2 + c % 2 < length;
                    float weight = there ? __expf(scale * scores[part][c] - divisor[c / 2]) : 0.0f;
                    scores[part][c] = weight * (changes[part][c] - along[c / 2]);
                }
            accumulate(sums, scores, shared.key, k - k0, lane);
        }
    }
    if (!works) return;
    value* to = of.query_gradient + (u64)block.query_row * of.query_stride;
    store(to, of.query_stride, block.head, sums, scale, scale, first, block.queries, lane);
}

// Turns scores of the warp's 16 keys with 32 queries into dropped weights, and products of values and the context's gradient
// into gradients of scores. The queries begin at `q`, the tables of all queries in shared memory at `q0`.
__device__ __forceinline__ void change_keys(
    float (&weights)[4][4], float (&changes)[4][4], const Block& block, int first, int q, int q0, float scale,
    const float* divisors, const float* alongs, int lane) {
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
                bool real = there && first + lane / 4 + 8 * r < block.piece.length;
                float& weight = weights[part][2 * r + c];
                float& change = changes[part][2 * r + c];
                float own = real ? __expf(scale * weight - divisor) : 0.0f;
                float mask = kept(random, first % BLOCK / 8 + r, block.run.threshold, block.run.scale);
                weight = own * mask;
                change = own * (change * mask - along);
            }
        }
}

// Gradients of keys and values of a piece.
__device__ __forceinline__ void key_gradients(
    Shared& shared, const Block& block, const Inputs& in, const Backward& of, float scale) {
    int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES;
    int first = block.piece.first + warp * 16, length = block.piece.length;
    bool works = first < length;
    fetch_keys(shared, block, in, block.piece.first);
    Left keys[STEPS], valued[STEPS];
    float key_sums[PARTS_OF_HEAD][4] = {}, value_sums[PARTS_OF_HEAD][4] = {};
    for (int q0 = 0; q0 < block.queries; q0 += TOKENS) {
        if (q0) __syncthreads();
        fetch_queries(shared, block, in, of, q0);
        tables_of(shared, block, of, q0);
        arrive();
        if (q0 == 0) {
            rows_of(keys, shared.key, warp, lane);
            rows_of(valued, shared.values, warp, lane);
        }
        for (int q = q0; works && q < block.queries && q < q0 + TOKENS; q += PIECE) {
            float weights[4][4] = {}, changes[4][4] = {};
            products(weights, keys, shared.query, q - q0, lane);
            products(changes, valued, shared.asked, q - q0, lane);
            change_keys(weights, changes, block, first, q, q0, scale, shared.divisors, shared.alongs, lane);
            accumulate(key_sums, changes, shared.query, q - q0, lane);
            accumulate(value_sums, weights, shared.asked, q - q0, lane);
        }
    }
    if (!works) return;
    u64 at = (u64)block.piece.start * of.key_stride;
    store(of.key_gradient + at, of.key_stride, block.head, key_sums, scale, scale, first, length, lane);
    store(of.value_gradient + at, of.key_stride, block.head, value_sums, 1.0f, 1.0f, first, length, lane);
}

// All gradients of a sequence of one piece: scores are computed once.
__device__ __forceinline__ void whole_gradients(
    Shared& shared, const Block& block, const Inputs& in, const Backward& of, float scale) {
    int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES;
    int first = warp * 16, length = block.piece.length;
    fetch_queries(shared, block, in, of, 0);
    fetch_keys(shared, block, in, 0);
    tables_of(shared, block, of, 0);
    arrive();
    if (first < length) {
        Left keys[STEPS], valued[STEPS];
        rows_of(keys, shared.key, warp, lane);
        rows_of(valued, shared.values, warp, lane);
        float key_sums[PARTS_OF_HEAD][4] = {}, value_sums[PARTS_OF_HEAD][4] = {};
        for (int q = 0; q < block.queries; q += PIECE) {
            float weights[4][4] = {}, changes[4][4] = {};
            products(weights, keys, shared.query, q, lane);
            products(changes, valued, shared.asked, q, lane);
            change_keys(weights, changes, block, first, q, 0, scale, shared.divisors, shared.alongs, lane);
            #pragma unroll
            for (int part = 0; part < 4; part++)
                #pragma unroll
                for (int r = 0; r < 2; r++)
                    *(unsigned*)&shared.scores[first + lane / 4 + 8 * r][q + part * 8 + lane % 4 * 2] =
                        pair(changes[part][2 * r], changes[part][2 * r + 1]);
            accumulate(key_sums, changes, shared.query, q, lane);
            accumulate(value_sums, weights, shared.asked, q, lane);
        }
        u64 at = (u64)block.piece.start * of.key_stride;
        store(of.key_gradient + at, of.key_stride, block.head, key_sums, scale, scale, first, length, lane);
        store(of.value_gradient + at, of.key_stride, block.head, value_sums, 1.0f, 1.0f, first, length, lane);
    } else {
        for (int i = lane; i < 16 * TOKENS / 2; i += LANES)
            *(unsigned*)&shared.scores[first + i / (TOKENS / 2)][i % (TOKENS / 2) * 2] = 0;
    }
    __syncthreads();
    if (first >= block.queries) return;
    float sums[PARTS_OF_HEAD][4] = {};
    for (int k = 0; k < length; k += 16) {
        Left left;
        load_turned(left.part, &shared.scores[k + lane / 16 * 8 + lane % 8][first + lane / 8 % 2 * 8]);
        #pragma unroll
        for (int step = 0; step < STEPS; step++) {
            unsigned right[4];
            load_turned(right, &shared.key[k + lane % 16][step * 16 + lane / 16 * 8]);
            multiply(sums[2 * step], left, right[0], right[1]);
            multiply(sums[2 * step + 1], left, right[2], right[3]);
        }
    }
    value* to = of.query_gradient + (u64)block.query_row * of.query_stride;
    store(to, of.query_stride, block.head, sums, scale, scale, first, block.queries, lane);
}

// Gradients of query, key and values. Pieces of long sequences, which take longest, come first, each in two blocks: for its
// queries and for its keys. Then a block for each sequence of one piece.
extern "C" __global__ void __launch_bounds__(ATTENDING * LANES, 3) attention_backward(
    const Piece* pieces, Inputs in, Backward of, float scale, const __grid_constant__ Runs runs) {
    __shared__ __align__(16) Shared shared;
    int number = blockIdx.x;
    if (number >= 2 * of.partial) {
        whole_gradients(shared, Block(pieces, number - of.partial, runs, in.firsts), in, of, scale);
        return;
    }
    Block block(pieces, number / 2, runs, in.firsts);
    if (number % 2) query_gradients(shared, block, in, of, scale);
    else key_gradients(shared, block, in, of, scale);
}
