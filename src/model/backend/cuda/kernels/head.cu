// Linear layers of the classification heads of all runs, float32: each run has its own, and few rows.

// One micro-batch of one run; weights are [outputs, inputs]. The micro-batches of a run follow each other.
struct Head {
    const float* weight;
    const float* bias;
    float* weight_gradient;
    float* bias_gradient;
    int begin, end;
};

struct Heads {
    int count;
    int unused;
    Head run[HEAD_RUNS];
};

static_assert(sizeof(Head) == HEAD_BYTES && sizeof(Heads) == HEADS_BYTES, "layout of heads");

// A block has HEAD_ROWS rows and HEAD_THREADS threads.

// y = x weight' + bias
extern "C" __global__ void head_forward(
    const float* x, int inputs, int outputs, float* y, const __grid_constant__ Heads heads) {
    __shared__ __align__(16) float rows[HEAD_ROWS][STRIP + 4], weights[FORWARD_OUTPUTS][STRIP + 4];
    const Head& run = heads.run[blockIdx.y];
    int first = run.begin + blockIdx.z * HEAD_ROWS, o0 = blockIdx.x * FORWARD_OUTPUTS;
    if (first >= run.end) return;
    int row = threadIdx.x % HEAD_ROWS, pair_of_outputs = threadIdx.x / HEAD_ROWS * 2;
    float sums[2] = {};
    for (int i0 = 0; i0 < inputs; i0 += STRIP) {
        __syncthreads();
        for (int i = threadIdx.x; i < HEAD_ROWS * STRIP; i += HEAD_THREADS) {
            int r = first + i / STRIP, e = i0 + i % STRIP;
            rows[i / STRIP][i % STRIP] = r < run.end && e < inputs ? x[(u64)r * inputs + e] : 0.0f;
        }
        for (int i = threadIdx.x; i < FORWARD_OUTPUTS * STRIP; i += HEAD_THREADS) {
            int o = o0 + i / STRIP, e = i0 + i % STRIP;
            weights[i / STRIP][i % STRIP] = o < outputs && e < inputs ? run.weight[(u64)o * inputs + e] : 0.0f;
        }
        __syncthreads();
        #pragma unroll 4
        for (int e = 0; e < STRIP; e += 4) {
            float element[4], w[4];
            load4(element, &rows[row][e]);
            #pragma unroll
            for (int o = 0; o < 2; o++) {
                load4(w, &weights[pair_of_outputs + o][e]);
                #pragma unroll
                for (int i = 0; i < 4; i++) sums[o] += element[i] * w[i];
            }
        }
    }
    #pragma unroll
    for (int i = 0; i < 2; i++) {
        int o = o0 + pair_of_outputs + i;
        if (first + row < run.end && o < outputs) y[(u64)(first + row) * outputs + o] = sums[i] + run.bias[o];
    }
}

// Threads that share a column, and outputs that each takes at a time.
const int SHARES = HEAD_THREADS / INPUT_COLUMNS;
const int SHARE = 64;

// The gradient of x from that of y.
extern "C" __global__ void head_inputs(
    const float* y, int inputs, int outputs, float* x, const __grid_constant__ Heads heads) {
    __shared__ __align__(16) float turned[SHARES * SHARE][HEAD_ROWS + 4];
    __shared__ float parts[SHARES][HEAD_ROWS][INPUT_COLUMNS];
    const Head& run = heads.run[blockIdx.y];
    int first = run.begin + blockIdx.z * HEAD_ROWS;
    if (first >= run.end) return;
    int column = threadIdx.x % INPUT_COLUMNS, e = blockIdx.x * INPUT_COLUMNS + column, share = threadIdx.x / INPUT_COLUMNS;
    float sums[HEAD_ROWS] = {};
    for (int o0 = 0; o0 < outputs; o0 += SHARES * SHARE) {
        __syncthreads();
        for (int i = threadIdx.x; i < SHARES * SHARE * HEAD_ROWS; i += HEAD_THREADS) {
            int r = first + i / (SHARES * SHARE), o = o0 + i % (SHARES * SHARE);
            turned[o - o0][r - first] = r < run.end && o < outputs ? y[(u64)r * outputs + o] : 0.0f;
        }
        __syncthreads();
        #pragma unroll 4
        for (int i = 0; i < SHARE; i++) {
            int o = share * SHARE + i;
            float w = e < inputs && o0 + o < outputs ? run.weight[(u64)(o0 + o) * inputs + e] : 0.0f;
            #pragma unroll
            for (int r = 0; r < HEAD_ROWS; r += 4) {
                float g[4];
                load4(g, &turned[o][r]);
                #pragma unroll
                for (int j = 0; j < 4; j++) sums[r + j] += g[j] * w;
            }
        }
    }
    #pragma unroll
    for (int r = 0; r < HEAD_ROWS; r++) parts[share][r][column] = sums[r];
    __syncthreads();
    for (int r = share; r < HEAD_ROWS; r += SHARES) {
        float sum = 0.0f;
        #pragma unroll
        for (int i = 0; i < SHARES; i++) sum += parts[i][r][column];
        if (first + r < run.end && e < inputs) x[(u64)(first + r) * inputs + e] = sum;
    }
}

// Adds to the gradients of weight and bias: the micro-batches of a run one after the other, so that what comes out does not
// depend on how many share a launch.
extern "C" __global__ void head_weights(
    const float* y, const float* x, int inputs, int outputs, const __grid_constant__ Heads heads) {
    __shared__ __align__(16) float gradients[HEAD_ROWS][WEIGHT_OUTPUTS];
    int index = blockIdx.z, e = blockIdx.x * HEAD_THREADS + threadIdx.x, o0 = blockIdx.y * WEIGHT_OUTPUTS;
    float* weight = heads.run[index].weight_gradient;
    float* bias = heads.run[index].bias_gradient;
    if (index > 0 && heads.run[index - 1].weight_gradient == weight) return;
    for (; index < heads.count && heads.run[index].weight_gradient == weight; index++) {
        const Head& run = heads.run[index];
        float sums[WEIGHT_OUTPUTS] = {}, own = 0.0f;
        for (int first = run.begin; first < run.end; first += HEAD_ROWS) {
            __syncthreads();
            if (threadIdx.x < HEAD_ROWS * WEIGHT_OUTPUTS) {
                int r = first + threadIdx.x / WEIGHT_OUTPUTS, o = o0 + threadIdx.x % WEIGHT_OUTPUTS;
                gradients[r - first][o - o0] = r < run.end && o < outputs ? y[(u64)r * outputs + o] : 0.0f;
            }
            __syncthreads();
            for (int r = 0; r < HEAD_ROWS && first + r < run.end; r++) {
                float element = e < inputs ? x[(u64)(first + r) * inputs + e] : 0.0f;
                if (threadIdx.x < WEIGHT_OUTPUTS) own += gradients[r][threadIdx.x];
                #pragma unroll
                for (int o = 0; o < WEIGHT_OUTPUTS; o += 4) {
                    float g[4];
                    load4(g, &gradients[r][o]);
                    #pragma unroll
                    for (int j = 0; j < 4; j++) sums[o + j] += g[j] * element;
                }
            }
        }
        #pragma unroll
        for (int o = 0; o < WEIGHT_OUTPUTS; o++)
            if (e < inputs && o0 + o < outputs) weight[(u64)(o0 + o) * inputs + e] += sums[o];
        if (blockIdx.x == 0 && threadIdx.x < WEIGHT_OUTPUTS && o0 + threadIdx.x < outputs) bias[o0 + threadIdx.x] += own;
    }
}
