//! The functions of NVRTC and of the CUDA driver that we call, from the libraries that libtorch itself loads.

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};

use super::error::CudaError;
use crate::libtorch::{self, Library};

/// What compiling and launching goes through.
pub struct Driver {
    compiler: Compiler,
    initialize: unsafe extern "C" fn(c_uint) -> c_int,
    device_get: unsafe extern "C" fn(*mut c_int, c_int) -> c_int,
    device_attribute: unsafe extern "C" fn(*mut c_int, c_int, c_int) -> c_int,
    retain_context: unsafe extern "C" fn(*mut *mut c_void, c_int) -> c_int,
    push_context: unsafe extern "C" fn(*mut c_void) -> c_int,
    pop_context: unsafe extern "C" fn(*mut *mut c_void) -> c_int,
    load_module: unsafe extern "C" fn(*mut *mut c_void, *const c_void) -> c_int,
    module_function: unsafe extern "C" fn(*mut *mut c_void, *mut c_void, *const c_char) -> c_int,
    launch_kernel: LaunchKernel,
    error_name: unsafe extern "C" fn(c_int, *mut *const c_char) -> c_int,
}

/// Whether kernels can be compiled for GPU `index` and launched there.
///
/// # Errors
/// Why not.
pub fn available(index: usize) -> Result<(), CudaError> {
    Driver::load()?.open(index).map(|_| ())
}

type LaunchKernel = unsafe extern "C" fn(
    *mut c_void,
    c_uint,
    c_uint,
    c_uint,
    c_uint,
    c_uint,
    c_uint,
    c_uint,
    *mut c_void,
    *mut *mut c_void,
    *mut *mut c_void,
) -> c_int;

/// CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR.
const CAPABILITY: [c_int; 2] = [75, 76];

/// CUDA_ERROR_NOT_FOUND.
const NOT_FOUND: c_int = 500;

/// The context that libtorch uses on a device.
#[derive(Clone, Copy, Debug)]
pub struct Context(*mut c_void);

/// A loaded kernel.
#[derive(Clone, Copy, Debug)]
pub struct Kernel(*mut c_void);

// SAFETY: contexts and kernels are handles that any thread may use (CUDA driver API, "threads").
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}
// SAFETY: as above.
unsafe impl Send for Kernel {}
// SAFETY: as above.
unsafe impl Sync for Kernel {}

impl Driver {
    /// # Errors
    /// A machine without these libraries.
    pub fn load() -> Result<Self, CudaError> {
        // Depends on both NVRTC and the driver.
        let library = Library::open_file(&libtorch::open()?.folder().join("lib/libcaffe2_nvrtc.so"))?;
        // SAFETY: the signatures are those of cuda.h.
        unsafe {
            Ok(Driver {
                compiler: Compiler::of(&library)?,
                initialize: library.function(c"cuInit")?,
                device_get: library.function(c"cuDeviceGet")?,
                device_attribute: library.function(c"cuDeviceGetAttribute")?,
                retain_context: library.function(c"cuDevicePrimaryCtxRetain")?,
                push_context: library.function(c"cuCtxPushCurrent_v2")?,
                pop_context: library.function(c"cuCtxPopCurrent_v2")?,
                load_module: library.function(c"cuModuleLoadData")?,
                module_function: library.function(c"cuModuleGetFunction")?,
                launch_kernel: library.function(c"cuLaunchKernel")?,
                error_name: library.function(c"cuGetErrorName")?,
            })
        }
    }

    pub fn compiler(&self) -> &Compiler {
        &self.compiler
    }

    /// The context of GPU `index`, and its compute capability.
    pub fn open(&self, index: usize) -> Result<(Context, (i32, i32)), CudaError> {
        let (mut device, mut capability, mut context) = (0, [0; 2], std::ptr::null_mut());
        // SAFETY: pointers to variables that outlive the calls.
        unsafe {
            self.check((self.initialize)(0))?;
            self.check((self.device_get)(&mut device, index as c_int))?;
            for (value, attribute) in capability.iter_mut().zip(CAPABILITY) {
                self.check((self.device_attribute)(value, attribute, device))?;
            }
            self.check((self.retain_context)(&mut context, device))?;
        }
        Ok((Context(context), (capability[0], capability[1])))
    }

    /// Loads compiled code, for the life of the process, and finds kernels in it; those that it does not have are none.
    pub fn kernels<const N: usize>(
        &self,
        context: Context,
        code: &[u8],
        names: [&CStr; N],
    ) -> Result<[Option<Kernel>; N], CudaError> {
        let mut found = [None; N];
        self.within(context, || {
            let mut module = std::ptr::null_mut();
            // SAFETY: the code is a whole image; pointers to variables that outlive the calls.
            unsafe {
                self.check((self.load_module)(&mut module, code.as_ptr().cast()))?;
                for (place, name) in found.iter_mut().zip(names) {
                    let mut kernel = std::ptr::null_mut();
                    match (self.module_function)(&mut kernel, module, name.as_ptr()) {
                        NOT_FOUND => *place = None,
                        code => *place = self.check(code).map(|()| Some(Kernel(kernel)))?,
                    }
                }
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Queues a kernel behind what libtorch has queued. Blocks: `grid`; threads in each: `threads`.
    ///
    /// # Safety
    /// `arguments` point to values of the kernel's parameter types, in their order; what those point to on the GPU is as
    /// large as the kernel takes it to be.
    pub unsafe fn launch(
        &self,
        context: Context,
        kernel: Kernel,
        grid: [u32; 3],
        threads: u32,
        arguments: &mut [*mut c_void],
    ) -> Result<(), CudaError> {
        // The stream that libtorch uses where nobody chose another.
        let stream = std::ptr::null_mut();
        self.within(context, || {
            // SAFETY: as the caller promises.
            self.check(unsafe {
                (self.launch_kernel)(
                    kernel.0,
                    grid[0],
                    grid[1],
                    grid[2],
                    threads,
                    1,
                    1,
                    0,
                    stream,
                    arguments.as_mut_ptr(),
                    std::ptr::null_mut(),
                )
            })
        })
    }

    fn within(&self, context: Context, work: impl FnOnce() -> Result<(), CudaError>) -> Result<(), CudaError> {
        // SAFETY: a retained context; it is taken off again below.
        self.check(unsafe { (self.push_context)(context.0) })?;
        let done = work();
        let mut popped = std::ptr::null_mut();
        // SAFETY: a pointer to a variable that outlives the call.
        done.and(self.check(unsafe { (self.pop_context)(&mut popped) }))
    }

    fn check(&self, code: c_int) -> Result<(), CudaError> {
        if code == 0 {
            return Ok(());
        }
        let mut name = std::ptr::null();
        // SAFETY: gives a string that is never freed, or null for a code that it does not know.
        let known = unsafe { (self.error_name)(code, &mut name) == 0 && !name.is_null() };
        if !known {
            return Err(CudaError::Driver(code.to_string()));
        }
        // SAFETY: not null, a string that ends with a zero and stays.
        let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
        Err(CudaError::Driver(name.into_owned()))
    }
}

/// NVRTC.
pub struct Compiler {
    version: unsafe extern "C" fn(*mut c_int, *mut c_int) -> c_int,
    create: unsafe extern "C" fn(
        *mut *mut c_void,
        *const c_char,
        *const c_char,
        c_int,
        *const *const c_char,
        *const *const c_char,
    ) -> c_int,
    compile: unsafe extern "C" fn(*mut c_void, c_int, *const *const c_char) -> c_int,
    log_size: unsafe extern "C" fn(*mut c_void, *mut usize) -> c_int,
    log: unsafe extern "C" fn(*mut c_void, *mut c_char) -> c_int,
    code_size: unsafe extern "C" fn(*mut c_void, *mut usize) -> c_int,
    code: unsafe extern "C" fn(*mut c_void, *mut c_char) -> c_int,
    destroy: unsafe extern "C" fn(*mut *mut c_void) -> c_int,
}

impl Compiler {
    /// # Safety
    /// The library's functions have the signatures of nvrtc.h.
    pub unsafe fn of(library: &Library) -> Result<Self, CudaError> {
        // SAFETY: as the caller promises.
        unsafe {
            Ok(Compiler {
                version: library.function(c"nvrtcVersion")?,
                create: library.function(c"nvrtcCreateProgram")?,
                compile: library.function(c"nvrtcCompileProgram")?,
                log_size: library.function(c"nvrtcGetProgramLogSize")?,
                log: library.function(c"nvrtcGetProgramLog")?,
                code_size: library.function(c"nvrtcGetCUBINSize")?,
                code: library.function(c"nvrtcGetCUBIN")?,
                destroy: library.function(c"nvrtcDestroyProgram")?,
            })
        }
    }

    /// Major and minor.
    ///
    /// # Errors
    /// An NVRTC that does not say.
    pub fn version(&self) -> Result<(i32, i32), CudaError> {
        let (mut major, mut minor) = (0, 0);
        // SAFETY: pointers to variables that outlive the call.
        match unsafe { (self.version)(&mut major, &mut minor) } {
            0 => Ok((major, minor)),
            _ => Err(CudaError::NoCompiler),
        }
    }

    /// Machine code of CUDA C++ source.
    ///
    /// # Errors
    /// What the compiler has to say.
    pub fn compile(&self, source: &CStr, options: &[CString]) -> Result<Vec<u8>, CudaError> {
        let mut program = std::ptr::null_mut();
        let options: Vec<*const c_char> = options.iter().map(|option| option.as_ptr()).collect();
        let nothing = std::ptr::null();
        // SAFETY: strings that end with a zero and outlive the calls; buffers of the sizes that are asked for.
        unsafe {
            if (self.create)(&mut program, source.as_ptr(), c"sweep.cu".as_ptr(), 0, nothing, nothing) != 0 {
                return Err(CudaError::NoCompiler);
            }
            let compiled = (self.compile)(program, options.len() as c_int, options.as_ptr()) == 0;
            let result = if compiled {
                filled(program, self.code_size, self.code).ok_or(CudaError::NoCode)
            } else {
                let log = filled(program, self.log_size, self.log).unwrap_or_default();
                let log = String::from_utf8_lossy(&log);
                Err(CudaError::Source(log.trim_end_matches('\0').trim().to_string()))
            };
            (self.destroy)(&mut program);
            result
        }
    }
}

/// What a program has to give: first its size, then the bytes.
///
/// # Safety
/// The program was made by NVRTC and not yet destroyed; `size` and `get` are two of its functions that belong together.
unsafe fn filled(
    program: *mut c_void,
    size: unsafe extern "C" fn(*mut c_void, *mut usize) -> c_int,
    get: unsafe extern "C" fn(*mut c_void, *mut c_char) -> c_int,
) -> Option<Vec<u8>> {
    let mut count = 0;
    // SAFETY: the caller's program is alive; the buffer has the size that it asks for.
    unsafe {
        if size(program, &mut count) != 0 {
            return None;
        }
        let mut bytes = vec![0u8; count];
        (get(program, bytes.as_mut_ptr().cast()) == 0).then_some(bytes)
    }
}
