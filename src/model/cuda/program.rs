//! The kernels compiled for one model on one GPU.

use std::ffi::{CStr, CString, c_void};

use tch::{Device, Kind, TchError, Tensor};

use super::super::config::{Activation, ModelConfig};
use super::driver::{Compiler, Context, Driver, Kernel};
use super::launch::Argument;

const SOURCES: [&str; 5] = [
    include_str!("kernels/common.cuh"),
    include_str!("kernels/rows.cu"),
    include_str!("kernels/lora.cu"),
    include_str!("kernels/optimizer.cu"),
    include_str!("kernels/attention.cuh"),
];

/// Two kinds of attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AttentionKernels {
    Float,
    /// On tensor cores.
    BFloat16,
}

impl AttentionKernels {
    /// Tensor cores multiply heads of whole sixteens, fetched 16 bytes at a time; bfloat16 from compute capability 8.0 on.
    fn of(config: &ModelConfig, kind: Kind, capability: (i32, i32)) -> Self {
        let fits = config.head_size() % 16 == 0 && config.hidden_size % WHOLE == 0;
        if kind == Kind::BFloat16 && fits && capability >= (8, 0) {
            Self::BFloat16
        } else {
            Self::Float
        }
    }

    fn source(self) -> &'static str {
        match self {
            Self::Float => include_str!("kernels/attention.cu"),
            Self::BFloat16 => include_str!("kernels/attention_bf16.cu"),
        }
    }

    /// Tokens of a sequence that a block takes.
    fn tokens(self) -> usize {
        match self {
            Self::Float => 32,
            Self::BFloat16 => 64,
        }
    }
}

/// The kernels, by what they compute.
#[derive(Clone, Copy, Debug)]
pub enum Function {
    Embed,
    NormForward,
    NormBackward,
    MaskRows,
    Activate,
    ActivateBackward,
    LoraDownA,
    LoraDownB,
    LoraUpA,
    LoraUpB,
    LoraWeightsA,
    LoraWeightsB,
    AttentionForward,
    AttentionQueries,
    AttentionKeys,
    Squares,
    AdamW,
}

/// In the order of [`Function`].
const NAMES: [&CStr; 17] = [
    c"embed",
    c"norm_forward",
    c"norm_backward",
    c"mask_rows",
    c"activate",
    c"activate_backward",
    c"lora_down_a",
    c"lora_down_b",
    c"lora_up_a",
    c"lora_up_b",
    c"lora_weights_a",
    c"lora_weights_b",
    c"attention_forward",
    c"attention_queries",
    c"attention_keys",
    c"squares",
    c"adamw",
];

/// Shared memory of a kernel holds four pieces of heads this wide.
const WIDEST_HEAD: i64 = 64;
/// Values of 16 bytes in bfloat16.
const WHOLE: i64 = 8;

/// The kernels of one model on one GPU.
pub struct Program {
    driver: Driver,
    context: Context,
    kernels: [Kernel; NAMES.len()],
    device: Device,
    /// Of all values between products.
    kind: Kind,
    /// Tokens of a sequence that a block of the attention kernels takes.
    pub(super) tokens_per_piece: usize,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Program on {:?} in {:?}", self.device, self.kind)
    }
}

impl Program {
    /// Compiles the kernels for a model whose products are of `kind`.
    ///
    /// # Errors
    /// Sizes that the kernels are not made for, a machine without NVRTC, or a GPU that it knows nothing of.
    pub fn compile(device: Device, config: &ModelConfig, kind: Kind) -> Result<Self, String> {
        let Device::Cuda(index) = device else {
            return Err("kernels for NVIDIA GPUs".to_string());
        };
        fits(config)?;
        let driver = Driver::load()?;
        let (context, capability) = driver.open(index)?;
        let attention = AttentionKernels::of(config, kind, capability);
        let code = code(driver.compiler(), capability, config, kind, attention)?;
        let kernels = driver.kernels(context, &code, NAMES)?;
        Ok(Program { driver, context, kernels, device, kind, tokens_per_piece: attention.tokens() })
    }

    pub fn device(&self) -> Device {
        self.device
    }

    /// Memory for values between products.
    pub fn values(&self, size: &[i64]) -> Result<Tensor, TchError> {
        Tensor::f_empty(size, (self.kind, self.device))
    }

    /// Memory for float32 numbers.
    pub fn floats(&self, size: &[i64]) -> Result<Tensor, TchError> {
        Tensor::f_empty(size, (Kind::Float, self.device))
    }

    /// Queues a kernel; nothing where the grid is empty.
    ///
    /// # Safety
    /// The arguments are the kernel's parameters in their order, and tensors are as large as it takes them to be.
    pub(super) unsafe fn launch(
        &self,
        function: Function,
        grid: [usize; 3],
        threads: u32,
        arguments: &[&dyn Argument],
    ) -> Result<(), TchError> {
        if grid.contains(&0) {
            return Ok(());
        }
        let mut pointers: Vec<*mut c_void> =
            arguments.iter().map(|&argument| std::ptr::from_ref(argument).cast_mut().cast()).collect();
        let grid = grid.map(|blocks| blocks as u32);
        // SAFETY: as the caller promises; the driver only reads the arguments.
        unsafe { self.driver.launch(self.context, self.kernels[function as usize], grid, threads, &mut pointers) }
            .map_err(|error| TchError::Torch(format!("{error} in {function:?}")))
    }
}

fn fits(config: &ModelConfig) -> Result<(), String> {
    let (inner, head) = (config.intermediate_size, config.head_size());
    // Activations are computed 16 bytes at a time, products of heads 4 numbers.
    if inner % WHOLE == 0 && head % 4 == 0 && head <= WIDEST_HEAD {
        Ok(())
    } else {
        Err(format!("no kernels for {inner} wide layers and {head} wide heads"))
    }
}

fn code(
    compiler: &Compiler,
    (major, minor): (i32, i32),
    config: &ModelConfig,
    kind: Kind,
    attention: AttentionKernels,
) -> Result<Vec<u8>, String> {
    let activation = match config.activation {
        Activation::Gelu => 0,
        Activation::GeluTanh => 1,
        Activation::Relu => 2,
    };
    let mut options = vec![
        format!("--gpu-architecture=sm_{major}{minor}"),
        "--std=c++17".to_string(),
        format!("-DWIDTH={}", config.hidden_size),
        format!("-DHEAD_SIZE={}", config.head_size()),
        format!("-DHEADS={}", config.heads),
        format!("-DLONGEST={}", config.longest_sequence()),
        format!("-DACTIVATION={activation}"),
    ];
    if kind == Kind::BFloat16 {
        options.push("-DBF16".to_string());
    }
    let text = |text: String| CString::new(text).map_err(|error| error.to_string());
    let options = options.into_iter().map(text).collect::<Result<Vec<_>, _>>()?;
    compiler.compile(&text(SOURCES.concat() + attention.source())?, &options)
}
