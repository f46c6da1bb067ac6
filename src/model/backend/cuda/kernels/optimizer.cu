// Clipping and AdamW over a run's flat parameters.

__device__ __forceinline__ float sum_of_block(float x) {
    __shared__ float warps[PART_THREADS / LANES];
    x = sum_of_warp(x);
    if (threadIdx.x % LANES == 0) warps[threadIdx.x / LANES] = x;
    __syncthreads();
    return sum_of_warp(threadIdx.x % LANES < PART_THREADS / LANES ? warps[threadIdx.x % LANES] : 0.0f);
}

// Sums of squares, one for each block.
extern "C" __global__ void squares(const float* gradient, int count, float* parts) {
    float sum = 0.0f;
    for (int i = blockIdx.x * PART_THREADS + threadIdx.x; i < count; i += PARTS * PART_THREADS)
        sum += gradient[i] * gradient[i];
    sum = sum_of_block(sum);
    if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

struct Update {
    float max_norm;
    // What decaying parameters, the first `decayed`, are multiplied by.
    float decay;
    // Learning rate over the first moment's correction; the second moment's correction, as a deviation.
    float step_size, correction;
    int decayed;
};

static_assert(sizeof(Update) == UPDATE_BYTES, "layout of an update");

// One step from the sums of `squares`; clears the gradient and gives its norm before clipping.
extern "C" __global__ void adamw(
    float* parameters, float* gradient, float* first_moment, float* second_moment, int count, const float* parts,
    float* norm, Update update) {
    float of = sqrtf(sum_of_block(parts[threadIdx.x]));
    if (blockIdx.x == 0 && threadIdx.x == 0) *norm = of;
    // As torch.clamp does: a NaN stays one.
    float ratio = update.max_norm / (of + 1e-6f);
    float clip = ratio > 1.0f ? 1.0f : ratio;
    int i = blockIdx.x * PART_THREADS + threadIdx.x;
    if (i >= count) return;
    float g = gradient[i] * clip;
    float m = first_moment[i], v = second_moment[i], p = parameters[i];
    if (i < update.decayed) p *= update.decay;
    m += FIRST_SHARE * (g - m);
    v = v * BETA_2 + g * g * SECOND_SHARE;
    p -= update.step_size * (m / (sqrtf(v) / update.correction + EPSILON));
    gradient[i] = 0.0f;
    first_moment[i] = m;
    second_moment[i] = v;
    parameters[i] = p;
}
