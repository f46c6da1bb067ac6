//! The kernels compiled for one model on one GPU.

use std::ffi::{CStr, CString, c_void};
use std::path::Path;

use tch::{Device, Kind, Tensor};

use super::code_cache::{self, Recipe};
use super::driver::{Compiler, Context, Driver, Kernel};
use super::error::CudaError;
use super::launch::{Argument, Memory};
use crate::model::compute_error::ComputeError;
use crate::model::config::ModelConfig;
use crate::model::graph::Activation;
use crate::own_cache;

const SHARED: [&str; 6] = [
    include_str!("kernels/common.cuh"),
    include_str!("kernels/rows.cu"),
    include_str!("kernels/head.cu"),
    include_str!("kernels/optimizer.cu"),
    include_str!("kernels/lora.cuh"),
    include_str!("kernels/attention.cuh"),
];
const OF_FLOATS: [&str; 2] = [include_str!("kernels/lora.cu"), include_str!("kernels/attention.cu")];
const ON_TENSOR_CORES: [&str; 4] = [
    include_str!("kernels/tensor.cuh"),
    include_str!("kernels/lora_bf16.cu"),
    include_str!("kernels/attention_bf16.cu"),
    include_str!("kernels/attention_bf16_backward.cu"),
];

/// What multiplies in the kernels of LoRA and attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Products {
    OfFloats,
    OnTensorCores,
}

impl Products {
    /// Tensor cores multiply bfloat16 from compute capability 8.0 on, heads of whole sixteens and columns of whole
    /// thirty-twos.
    fn of(config: &ModelConfig, kind: Kind, capability: (i32, i32)) -> Self {
        let fits = config.graph.shape.head_size % 16 == 0
            && config.graph.shape.width % 32 == 0
            && config.graph.shape.inner % 32 == 0;
        if kind == Kind::BFloat16 && fits && capability >= (8, 0) { Self::OnTensorCores } else { Self::OfFloats }
    }

    fn sources(self) -> String {
        match self {
            Self::OfFloats => OF_FLOATS.concat(),
            Self::OnTensorCores => ON_TENSOR_CORES.concat(),
        }
    }

    /// Tokens of a sequence that a block of the attention kernels takes.
    pub fn tokens_per_piece(self) -> usize {
        match self {
            Self::OfFloats => 32,
            Self::OnTensorCores => 64,
        }
    }

    /// Rows and columns of a block that goes up from the rank of a LoRA update.
    pub fn block_of_lora_up(self) -> (usize, usize) {
        match self {
            Self::OfFloats => (64, 128),
            Self::OnTensorCores => (256, 64),
        }
    }
}

/// The kernels, by what they compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    LoraParts,
    LoraWeights,
    AttentionForward,
    AttentionQueries,
    AttentionKeys,
    AttentionBackward,
    HeadForward,
    HeadInputs,
    HeadWeights,
    Squares,
    AdamW,
}

impl Function {
    const ALL: [Function; 21] = [
        Self::Embed,
        Self::NormForward,
        Self::NormBackward,
        Self::MaskRows,
        Self::Activate,
        Self::ActivateBackward,
        Self::LoraDownA,
        Self::LoraDownB,
        Self::LoraUpA,
        Self::LoraUpB,
        Self::LoraParts,
        Self::LoraWeights,
        Self::AttentionForward,
        Self::AttentionQueries,
        Self::AttentionKeys,
        Self::AttentionBackward,
        Self::HeadForward,
        Self::HeadInputs,
        Self::HeadWeights,
        Self::Squares,
        Self::AdamW,
    ];

    /// In the sources.
    fn name(self) -> &'static CStr {
        match self {
            Self::Embed => c"embed",
            Self::NormForward => c"norm_forward",
            Self::NormBackward => c"norm_backward",
            Self::MaskRows => c"mask_rows",
            Self::Activate => c"activate",
            Self::ActivateBackward => c"activate_backward",
            Self::LoraDownA => c"lora_down_a",
            Self::LoraDownB => c"lora_down_b",
            Self::LoraUpA => c"lora_up_a",
            Self::LoraUpB => c"lora_up_b",
            Self::LoraParts => c"lora_parts",
            Self::LoraWeights => c"lora_weights",
            Self::AttentionForward => c"attention_forward",
            Self::AttentionQueries => c"attention_queries",
            Self::AttentionKeys => c"attention_keys",
            Self::AttentionBackward => c"attention_backward",
            Self::HeadForward => c"head_forward",
            Self::HeadInputs => c"head_inputs",
            Self::HeadWeights => c"head_weights",
            Self::Squares => c"squares",
            Self::AdamW => c"adamw",
        }
    }
}

/// Shared memory of a kernel holds four pieces of heads this wide.
const WIDEST_HEAD: i64 = 64;
/// Values of 16 bytes in bfloat16.
const WHOLE: i64 = 8;

/// The kernels of one model on one GPU.
pub struct Program {
    driver: Driver,
    context: Context,
    /// In the order of [`Function::ALL`].
    kernels: [Option<Kernel>; Function::ALL.len()],
    memory: Memory,
    pub(super) products: Products,
    /// What the kernels were compiled for.
    pub(super) sizes: Sizes,
}

/// Sizes of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    /// Of hidden states.
    pub width: usize,
    pub heads: usize,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Program on {:?} in {:?}", self.memory.device, self.memory.kind)
    }
}

impl Program {
    /// Compiles the kernels for a model whose products are of `kind`; `shared`: definitions of what launches and kernels share.
    ///
    /// # Errors
    /// Sizes that the kernels are not made for, a machine without NVRTC, or a GPU that it knows nothing of.
    pub fn compile(
        device: Device,
        config: &ModelConfig,
        kind: Kind,
        shared: impl FnOnce(Products) -> String,
    ) -> Result<Self, CudaError> {
        let Device::Cuda(index) = device else {
            return Err(CudaError::NoGpu);
        };
        fits(config)?;
        let driver = Driver::load()?;
        let (context, capability) = driver.open(index)?;
        let products = Products::of(config, kind, capability);
        let cache = own_cache::folder().map(|own| own.join("kernels"));
        let compiler = (driver.compiler(), cache.as_deref());
        let code = code(compiler, capability, config, kind, (products, &shared(products)))?;
        let kernels = driver.kernels(context, &code, Function::ALL.map(Function::name))?;
        let sizes = Sizes { width: config.graph.shape.width as usize, heads: config.graph.shape.heads as usize };
        Ok(Program { driver, context, kernels, memory: Memory { device, kind }, products, sizes })
    }

    /// What multiplies in the kernels.
    pub fn describe(&self) -> String {
        match (self.products, self.memory.kind) {
            (Products::OnTensorCores, _) => "kernels in bfloat16 on tensor cores".to_string(),
            (Products::OfFloats, Kind::BFloat16) => "kernels in bfloat16 without tensor cores".to_string(),
            (Products::OfFloats, _) => "kernels in float32".to_string(),
        }
    }

    pub fn device(&self) -> Device {
        self.memory.device
    }

    /// What its tensors must be like.
    pub(super) fn memory(&self) -> Memory {
        self.memory
    }

    /// Memory for values between products.
    pub fn values(&self, size: &[i64]) -> Result<Tensor, ComputeError> {
        Ok(Tensor::f_empty(size, (self.memory.kind, self.memory.device))?)
    }

    /// Memory for float32 numbers.
    pub fn floats(&self, size: &[i64]) -> Result<Tensor, ComputeError> {
        Ok(Tensor::f_empty(size, (Kind::Float, self.memory.device))?)
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
    ) -> Result<(), ComputeError> {
        if grid.contains(&0) {
            return Ok(());
        }
        let mut pointers: Vec<*mut c_void> =
            arguments.iter().map(|&argument| std::ptr::from_ref(argument).cast_mut().cast()).collect();
        let failed =
            |source: CudaError| ComputeError::Launch { kernel: format!("{function:?}"), source: source.into() };
        let kernel = self.kernels[function as usize].ok_or_else(|| failed(CudaError::NoKernel))?;
        let [Ok(x), Ok(y), Ok(z)] = grid.map(u32::try_from) else {
            return Err(failed(CudaError::Grid(grid)));
        };
        // SAFETY: as the caller promises; the kernel is this program's; the driver only reads the arguments.
        unsafe { self.driver.launch(self.context, kernel, [x, y, z], threads, &mut pointers) }.map_err(failed)
    }
}

pub fn fits(config: &ModelConfig) -> Result<(), CudaError> {
    let (inner, head) = (config.graph.shape.inner, config.graph.shape.head_size);
    // Activations are computed 16 bytes at a time, heads (and so hidden states) and LoRA four numbers at a time.
    if inner % WHOLE == 0 && head % 4 == 0 && head <= WIDEST_HEAD {
        Ok(())
    } else {
        Err(CudaError::Sizes { inner, head })
    }
}

/// Compiled, or from the folder `cache`.
fn code(
    (compiler, cache): (&Compiler, Option<&Path>),
    (major, minor): (i32, i32),
    config: &ModelConfig,
    kind: Kind,
    (products, shared): (Products, &str),
) -> Result<Vec<u8>, CudaError> {
    let activation = match config.graph.shape.activation {
        Activation::Gelu => 0,
        Activation::GeluTanh => 1,
        Activation::Relu => 2,
    };
    let mut options = vec![
        format!("--gpu-architecture=sm_{major}{minor}"),
        "--std=c++17".to_string(),
        format!("-DWIDTH={}", config.graph.shape.width),
        format!("-DHEAD_SIZE={}", config.graph.shape.head_size),
        format!("-DHEADS={}", config.graph.shape.heads),
        format!("-DLONGEST={}", config.longest_sequence()),
        format!("-DACTIVATION={activation}"),
    ];
    if kind == Kind::BFloat16 {
        options.push("-DBF16".to_string());
    }
    let options = options.into_iter().map(CString::new).collect::<Result<Vec<_>, _>>()?;
    let source = CString::new(shared.to_string() + &SHARED.concat() + &products.sources())?;
    let recipe = Recipe { source: &source, options: &options, compiler: compiler.version()? };
    code_cache::code(cache, recipe, |recipe| compiler.compile(recipe.source, recipe.options))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::shared_constants;
    use super::*;
    use crate::libtorch::Library;
    use crate::needs::skip;

    /// NVRTC as it comes with libtorch; found by path, since nothing here loads it for a GPU. Not on every machine.
    fn compiler() -> Option<Compiler> {
        let packages =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/torch").canonicalize().ok()?.parent()?.join("nvidia");
        let libraries: Vec<PathBuf> = std::fs::read_dir(packages)
            .ok()?
            .filter_map(|folder| std::fs::read_dir(folder.ok()?.path().join("lib")).ok())
            .flatten()
            .filter_map(|file| Some(file.ok()?.path()))
            .collect();
        let open = |start: &str| {
            let name = |path: &&PathBuf| {
                path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(start.as_bytes()))
            };
            Library::open_file(libraries.iter().find(name)?).ok()
        };
        // NVRTC asks for it by name, and finds it loaded.
        open("libnvrtc-builtins.so")?;
        let library = open("libnvrtc.so")?;
        // SAFETY: NVRTC.
        Some(unsafe { Compiler::of(&library) }.unwrap())
    }

    fn config(fixture: &str) -> ModelConfig {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference").join(fixture).join("model");
        ModelConfig::read(&folder).unwrap()
    }

    #[test]
    fn kernels_compile_for_every_kind_of_model() {
        let Some(compiler) = compiler() else {
            return skip("nvrtc", "libtorch's package is here without NVIDIA's compiler");
        };
        let cache = tempfile::tempdir().unwrap();
        for (fixture, kind, capability, products) in [
            ("roberta", Kind::Float, (9, 0), Products::OfFloats),
            ("roberta", Kind::BFloat16, (7, 5), Products::OfFloats),
            ("xlm-roberta", Kind::BFloat16, (8, 0), Products::OnTensorCores),
        ] {
            let config = config(fixture);
            fits(&config).unwrap();
            assert_eq!(Products::of(&config, kind, capability), products);
            let shared = shared_constants::definitions(products);
            let code = || code((&compiler, Some(cache.path())), capability, &config, kind, (products, &shared));
            let compiled = code().unwrap_or_else(|log| panic!("{log}"));
            assert_eq!(code().unwrap(), compiled);
            for (place, function) in Function::ALL.into_iter().enumerate() {
                assert_eq!(function as usize, place);
                let name = function.name().to_bytes();
                let has = compiled.windows(name.len()).any(|bytes| bytes == name);
                let wanted = match products {
                    Products::OfFloats => function != Function::AttentionBackward,
                    Products::OnTensorCores => {
                        !matches!(function, Function::AttentionQueries | Function::AttentionKeys)
                    }
                };
                assert_eq!(has, wanted, "{function:?} for {fixture}");
            }
        }
        assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 3);
    }

    #[test]
    fn sizes_that_the_kernels_are_not_made_for_are_refused() {
        let mut config = config("roberta");
        config.graph.shape.inner = 100;
        assert_eq!(fits(&config).unwrap_err().to_string(), "no kernels for 100 wide layers and 12 wide heads");
    }
}
