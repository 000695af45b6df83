//! Files of secrets: readable by their owner only, and either whole or not there.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::error::CertificatesError;

/// What the owner may do with a secret, and others may not.
const OWNER_ONLY: u32 = 0o600;

/// A folder of such files.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Opens the folder, making it when it is missing.
    pub(super) fn open(path: &Path) -> Result<Self, CertificatesError> {
        let explain = |source| CertificatesError::Folder { path: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(explain)?;
        fs::read_dir(path).map_err(explain)?;
        Ok(Self(path.to_owned()))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The file's text, or nothing when there is no file. A file that is no text is as good as none.
    pub(super) fn read(&self, name: &str) -> Result<Option<String>, CertificatesError> {
        let path = self.path(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(CertificatesError::Read { path, source }),
        }
    }

    /// Writes the file unless it holds the text already; its rights are set in any case.
    pub(super) fn write_if_changed(&self, name: &str, text: &str) -> Result<(), CertificatesError> {
        if self.read(name)?.as_deref() == Some(text) {
            return self.restrict(name);
        }
        self.write(name, text)
    }

    /// Takes the rights of everybody but the owner.
    pub(super) fn restrict(&self, name: &str) -> Result<(), CertificatesError> {
        let path = self.path(name);
        fs::set_permissions(&path, Permissions::from_mode(OWNER_ONLY))
            .map_err(|source| CertificatesError::Write { path, source })
    }

    /// Writes the whole file aside and moves it into place, so that a crash leaves the old file or the new one.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), CertificatesError> {
        let path = self.path(name);
        self.replace(name, &path, text).map_err(|source| CertificatesError::Write { path, source })
    }

    fn replace(&self, name: &str, path: &Path, text: &str) -> io::Result<()> {
        let aside = self.path(&format!(".{name}.new"));
        match fs::remove_file(&aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(&aside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&aside, path)?;
        File::open(&self.0)?.sync_all()
    }
}
