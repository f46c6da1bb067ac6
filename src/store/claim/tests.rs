use super::*;

fn claimed(path: &Path) -> Claim {
    match Claim::take(path, &ClaimOptions::default()).unwrap() {
        Attempt::Claimed(claim) => claim,
        Attempt::Busy(found) => panic!("{found:?}"),
    }
}

#[test]
fn without_hard_links_one_of_two_creates_the_claim() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("claim.json");
    assert!(create_without_link(&path, b"one").unwrap());
    assert!(!create_without_link(&path, b"other").unwrap());
    assert_eq!(fs::read(&path).unwrap(), b"one");
}

#[test]
fn a_claim_that_was_made_though_the_answer_got_lost_is_ours() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("claim.json");
    let claim = claimed(&path);
    assert!(create(&path, claim.record()).unwrap());
    let other = ClaimRecord { token: "another".into(), ..claim.record().clone() };
    assert!(!create(&path, &other).unwrap());
}

#[test]
fn what_was_renamed_by_mistake_is_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("claim.json");
    let claim = claimed(&path);
    assert!(!withdraw(&path, b"the claim of somebody dead").unwrap());
    claim.verify().unwrap();
    put_aside_and_look(&path, b"the claim of somebody dead").unwrap();
    claim.verify().unwrap();
}
