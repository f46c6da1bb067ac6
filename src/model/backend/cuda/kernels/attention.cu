// Attention where sequences lie, without padding. A block takes up to 32 tokens of one head of one sequence (queries, or in
// `attention_keys` keys) and goes over the other side in pieces of 32: a lane is one token of the piece. Softmax is computed
// along (Milakov, Gimelshein: "Online normalizer calculation for softmax", 2018), its scores again in the backward pass (Dao
// et al.: "FlashAttention", 2022).

const int PIECE = TOKENS_PER_PIECE;
const int ATTENDING = ATTENTION_WARPS;
const int EACH = PIECE / ATTENDING;
const int PADDED = HEAD_SIZE + 4;
const int PER_LANE = (HEAD_SIZE + LANES - 1) / LANES;

// Rows first.. of a sequence's `count`, zeros behind them.
__device__ __forceinline__ void fetch(
    float (*to)[PADDED], const value* from, int stride, int first, int count, int head, float scale) {
    for (int i = threadIdx.x; i < PIECE * HEAD_SIZE; i += ATTENDING * LANES) {
        int row = i / HEAD_SIZE, e = i % HEAD_SIZE;
        to[row][e] = first + row < count ? scale * load(from[(u64)(first + row) * stride + head * HEAD_SIZE + e]) : 0.0f;
    }
}

// A row shared by the warp times each lane's own row.
__device__ __forceinline__ float product(const float* shared, const float* own) {
    float sum = 0.0f;
    #pragma unroll
    for (int e = 0; e < HEAD_SIZE; e += 4) {
        float4 a = *(const float4*)&shared[e], b = *(const float4*)&own[e];
        sum += a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
    }
    return sum;
}

// sums += weights (of the piece's 32 tokens, for each of the warp's) times the piece's rows; a lane has some columns.
__device__ __forceinline__ void accumulate(
    float (&sums)[EACH][PER_LANE], const float (*weights)[PIECE], const float (*rows)[PADDED], int lane) {
    for (int t = 0; t < PIECE; t += 4) {
        float element[4][PER_LANE];
        #pragma unroll
        for (int i = 0; i < 4; i++)
            #pragma unroll
            for (int c = 0; c < PER_LANE; c++)
                element[i][c] = lane + c * LANES < HEAD_SIZE ? rows[t + i][lane + c * LANES] : 0.0f;
        #pragma unroll
        for (int j = 0; j < EACH; j++) {
            float4 w = *(const float4*)&weights[j][t];
            #pragma unroll
            for (int c = 0; c < PER_LANE; c++)
                sums[j][c] += w.x * element[0][c] + w.y * element[1][c] + w.z * element[2][c] + w.w * element[3][c];
        }
    }
}

// Random words of the warp's 8 queries for 32 keys: two in each lane, for queries lane / 8 and 4 + lane / 8.
struct Words {
    u64 word[2];
    __device__ __forceinline__ Words(const Block& block, int first_query, int first_key, int lane) {
        u64 at = block.word + first_key / BLOCK * 8 + lane % 8;
        word[0] = bits(block.run.key, at + (u64)(first_query + lane / 8) * ROW_WORDS);
        word[1] = bits(block.run.key, at + (u64)(first_query + 4 + lane / 8) * ROW_WORDS);
    }
    // What the weight of a query's (0..7) key (this lane) is multiplied by.
    __device__ __forceinline__ float kept_of(const Block& block, int query, int lane) const {
        u64 of = __shfl_sync(~0u, word[query / 4], query % 4 * 8 + lane % 8);
        return kept(of, lane / 8, block.run.threshold, block.run.scale);
    }
};

// context = dropout(softmax(query key' * scale)) values; `normalizer` is the logarithm of each softmax's divisor.
extern "C" __global__ void attention_forward(
    const Piece* pieces, Inputs in, float scale, value* context, int context_stride, float* normalizer,
    const __grid_constant__ Runs runs) {
    __shared__ __align__(16) float query[PIECE][PADDED], key[PIECE][PADDED], values[PIECE][PADDED];
    __shared__ __align__(16) float weights[ATTENDING][EACH][PIECE];
    Block block(pieces, blockIdx.x, runs, in.firsts);
    if (block.piece.first >= block.queries) return;
    int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES;
    int first = block.piece.first + warp * EACH;
    bool works = first < block.queries;
    fetch(query, in.query + (u64)block.query_row * in.query_stride, in.query_stride, block.piece.first, block.queries,
          block.head, scale);
    float sums[EACH][PER_LANE] = {}, divisor[EACH] = {}, largest[EACH];
    #pragma unroll
    for (int j = 0; j < EACH; j++) largest[j] = -infinity();
    u64 start = (u64)block.piece.start * in.key_stride;
    for (int k0 = 0; k0 < block.piece.length; k0 += PIECE) {
        __syncthreads();
        fetch(key, in.key + start, in.key_stride, k0, block.piece.length, block.head, 1.0f);
        fetch(values, in.values + start, in.key_stride, k0, block.piece.length, block.head, 1.0f);
        __syncthreads();
        if (!works) continue;
        Words words(block, first, k0, lane);
        #pragma unroll
        for (int j = 0; j < EACH; j++) {
            float score = k0 + lane < block.piece.length ? product(query[warp * EACH + j], key[lane]) : -infinity();
            float now = fmaxf(largest[j], max_of_warp(score));
            float shrink = expf(largest[j] - now), weight = expf(score - now);
            largest[j] = now;
            divisor[j] = divisor[j] * shrink + weight;
            if (block.run.threshold) weight *= words.kept_of(block, j, lane);
            weights[warp][j][lane] = weight;
            #pragma unroll
            for (int c = 0; c < PER_LANE; c++) sums[j][c] *= shrink;
        }
        __syncwarp();
        accumulate(sums, weights[warp], values, lane);
        __syncwarp();
    }
    if (!works) return;
    #pragma unroll
    for (int j = 0; j < EACH; j++) {
        float all = sum_of_warp(divisor[j]);
        if (first + j >= block.queries) continue;
        u64 row = block.query_row + first + j;
        #pragma unroll
        for (int c = 0; c < PER_LANE; c++) {
            int e = lane + c * LANES;
            if (e < HEAD_SIZE) context[row * context_stride + block.head * HEAD_SIZE + e] = rounded(sums[j][c] / all);
        }
        if (normalizer && lane == 0) normalizer[row * HEADS + block.head] = largest[j] + logf(all);
    }
}

// The gradient of query; `inner` becomes each query's product of context and its gradient, for `attention_keys`.
extern "C" __global__ void attention_queries(
    const Piece* pieces, Inputs in, float scale, const value* context, const value* gradient, int context_stride,
    const float* normalizer, float* inner, value* query_gradient, int gradient_stride,
    const __grid_constant__ Runs runs) {
    __shared__ __align__(16) float query[PIECE][PADDED], asked[PIECE][PADDED], key[PIECE][PADDED], values[PIECE][PADDED];
    __shared__ __align__(16) float scores[ATTENDING][EACH][PIECE];
    Block block(pieces, blockIdx.x, runs, in.firsts);
    if (block.piece.first >= block.queries) return;
    int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES;
    int first = block.piece.first + warp * EACH;
    bool works = first < block.queries;
    u64 context_start = (u64)block.query_row * context_stride;
    fetch(query, in.query + (u64)block.query_row * in.query_stride, in.query_stride, block.piece.first, block.queries,
          block.head, scale);
    fetch(asked, gradient + context_start, context_stride, block.piece.first, block.queries, block.head, 1.0f);
    __syncthreads();
    float sums[EACH][PER_LANE] = {}, divisor[EACH], along[EACH];
    #pragma unroll
    for (int j = 0; j < EACH; j++) {
        divisor[j] = along[j] = 0.0f;
        if (first + j >= block.queries) continue;
        u64 row = block.query_row + first + j;
        float part = 0.0f;
        for (int e = lane; e < HEAD_SIZE; e += LANES)
            part += load(context[row * context_stride + block.head * HEAD_SIZE + e]) * asked[warp * EACH + j][e];
        along[j] = sum_of_warp(part);
        divisor[j] = normalizer[row * HEADS + block.head];
        if (lane == 0) inner[row * HEADS + block.head] = along[j];
    }
    u64 start = (u64)block.piece.start * in.key_stride;
    for (int k0 = 0; k0 < block.piece.length; k0 += PIECE) {
        __syncthreads();
        fetch(key, in.key + start, in.key_stride, k0, block.piece.length, block.head, 1.0f);
        fetch(values, in.values + start, in.key_stride, k0, block.piece.length, block.head, 1.0f);
        __syncthreads();
        if (!works) continue;
        Words words(block, first, k0, lane);
        #pragma unroll
        for (int j = 0; j < EACH; j++) {
            float score = 0.0f;
            if (k0 + lane < block.piece.length && first + j < block.queries)
                score = expf(product(query[warp * EACH + j], key[lane]) - divisor[j]);
            float change = product(asked[warp * EACH + j], values[lane]);
            if (block.run.threshold) change *= words.kept_of(block, j, lane);
            scores[warp][j][lane] = score * (change - along[j]);
        }
        __syncwarp();
        accumulate(sums, scores[warp], key, lane);
        __syncwarp();
    }
    if (!works) return;
    #pragma unroll
    for (int j = 0; j < EACH; j++) {
        if (first + j >= block.queries) continue;
        u64 at = (u64)(block.query_row + first + j) * gradient_stride + block.head * HEAD_SIZE;
        #pragma unroll
        for (int c = 0; c < PER_LANE; c++)
            if (lane + c * LANES < HEAD_SIZE) query_gradient[at + lane + c * LANES] = rounded(scale * sums[j][c]);
    }
}

// The warp's 8 keys: 4 pairs, 8 apart, so that two random words hold the bits of all of them.
__device__ __forceinline__ int key_of(int warp, int j) { return 2 * warp + j % 2 + 8 * (j / 2); }

// Gradients of key and values.
extern "C" __global__ void attention_keys(
    const Piece* pieces, Inputs in, float scale, const value* gradient, int context_stride, const float* normalizer,
    const float* inner, value* key_gradient, value* value_gradient, int gradient_stride,
    const __grid_constant__ Runs runs) {
    __shared__ __align__(16) float query[PIECE][PADDED], asked[PIECE][PADDED], key[PIECE][PADDED], values[PIECE][PADDED];
    __shared__ __align__(16) float scores[ATTENDING][EACH][PIECE], weights[ATTENDING][EACH][PIECE];
    Block block(pieces, blockIdx.x, runs, in.firsts);
    int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES;
    int first = block.piece.first;
    u64 start = (u64)block.piece.start * in.key_stride;
    fetch(key, in.key + start, in.key_stride, first, block.piece.length, block.head, scale);
    fetch(values, in.values + start, in.key_stride, first, block.piece.length, block.head, 1.0f);
    float key_sums[EACH][PER_LANE] = {}, value_sums[EACH][PER_LANE] = {};
    for (int q0 = 0; q0 < block.queries; q0 += PIECE) {
        __syncthreads();
        fetch(query, in.query + (u64)block.query_row * in.query_stride, in.query_stride, q0, block.queries, block.head,
              1.0f);
        fetch(asked, gradient + (u64)block.query_row * context_stride, context_stride, q0, block.queries, block.head,
              1.0f);
        __syncthreads();
        bool asks = q0 + lane < block.queries;
        u64 row = (u64)(block.query_row + q0 + lane) * HEADS + block.head;
        float divisor = asks ? normalizer[row] : 0.0f, along = asks ? inner[row] : 0.0f;
        u64 word = block.word + (u64)(q0 + lane) * ROW_WORDS + first / BLOCK * 8 + 2 * warp;
        u64 random[2] = {bits(block.run.key, word), bits(block.run.key, word + 1)};
        #pragma unroll
        for (int j = 0; j < EACH; j++) {
            int k = key_of(warp, j);
            float weight = 0.0f;
            if (asks && first + k < block.piece.length) weight = expf(product(key[k], query[lane]) - divisor);
            float change = product(values[k], asked[lane]);
            float mask = block.run.threshold ? kept(random[j % 2], j / 2, block.run.threshold, block.run.scale) : 1.0f;
            weights[warp][j][lane] = weight * mask;
            scores[warp][j][lane] = weight * (change * mask - along);
        }
        __syncwarp();
        accumulate(key_sums, scores[warp], query, lane);
        accumulate(value_sums, weights[warp], asked, lane);
        __syncwarp();
    }
    #pragma unroll
    for (int j = 0; j < EACH; j++) {
        int k = first + key_of(warp, j);
        if (k >= block.piece.length) continue;
        u64 at = (u64)(block.piece.start + k) * gradient_stride + block.head * HEAD_SIZE;
        #pragma unroll
        for (int c = 0; c < PER_LANE; c++) {
            if (lane + c * LANES >= HEAD_SIZE) continue;
            key_gradient[at + lane + c * LANES] = rounded(scale * key_sums[j][c]);
            value_gradient[at + lane + c * LANES] = rounded(value_sums[j][c]);
        }
    }
}
