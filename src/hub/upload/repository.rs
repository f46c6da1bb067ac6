//! The repository that is written to: it is made where it is not there.

use http::Method;

use crate::hub::HubError;
use crate::hub::client::Purpose;

use super::messages::NewRepository;
use super::push::{Push, refusal};

/// Who may see a repository that is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    Private,
    Public,
}

impl Push<'_> {
    /// Makes the repository. False where it was there.
    pub(super) fn create(&self, visibility: Visibility) -> Result<bool, HubError> {
        let message = NewRepository {
            name: &self.repository.name,
            organization: &self.repository.owner,
            kind: "model",
            private: visibility == Visibility::Private,
        };
        let answer = self.post("/api/repos/create", &message)?;
        match answer.status {
            200..=299 => Ok(true),
            409 => Ok(false),
            // Who may write to a repository need not be allowed to make one.
            401 | 403 if self.is_there()? => Ok(false),
            _ => Err(self.error(refusal(answer))),
        }
    }

    fn is_there(&self) -> Result<bool, HubError> {
        let address = self.at(&format!("/api/models/{}", self.repository.id()));
        let answer = self.patiently(|| self.client.ask(Purpose::Listing, &Method::GET, &address, None))?;
        Ok(answer.status == 200)
    }
}
