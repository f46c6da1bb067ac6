//! Pages of 2 MiB for what a worker allocates.
//!
//! Every pass reads the frozen weights, and what the backward pass needs, from end to end. In pages of 4 KiB that is more than the
//! processor's translation lookaside buffers hold, and the kernel has to provide hundreds of thousands of them. glibc asks for
//! huge pages (`madvise`) where the tunable `glibc.malloc.hugetlb` is 1, from version 2.35 on; it is read when a process
//! starts. Other C libraries ignore the variable.

use std::ffi::{OsStr, OsString};

/// Where glibc looks for tunables: `name=value:name=value`.
const VARIABLE: &str = "GLIBC_TUNABLES";
const TUNABLE: &str = "glibc.malloc.hugetlb";

/// The variable of a worker's environment; none where whoever started this program has chosen already. `present` is the variable
/// in this process's environment.
pub fn huge_pages(present: Option<&OsStr>) -> Option<(OsString, OsString)> {
    let ask = format!("{TUNABLE}=1");
    let value = match present.map(OsStr::to_str) {
        None | Some(Some("")) => ask,
        Some(Some(others)) if !others.contains(TUNABLE) => format!("{others}:{ask}"),
        Some(_) => return None,
    };
    Some((VARIABLE.into(), value.into()))
}

/// The variable in this process's environment.
pub fn tunables() -> Option<OsString> {
    std::env::var_os(VARIABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(present: Option<&str>) -> Option<String> {
        let (name, value) = huge_pages(present.map(OsStr::new))?;
        assert_eq!(name, "GLIBC_TUNABLES");
        Some(value.into_string().unwrap())
    }

    #[test]
    fn what_is_chosen_already_stays() {
        assert_eq!(asked(None).as_deref(), Some("glibc.malloc.hugetlb=1"));
        assert_eq!(asked(Some("")).as_deref(), Some("glibc.malloc.hugetlb=1"));
        let others = "glibc.malloc.arena_max=2";
        assert_eq!(asked(Some(others)).as_deref(), Some("glibc.malloc.arena_max=2:glibc.malloc.hugetlb=1"));
        assert_eq!(asked(Some("glibc.malloc.hugetlb=0")), None);
    }
}
