//! Text that a stolen database must not tell: sealed as it is written, opened as it is read.
//!
//! The column's type does it, so that no query can forget to. ChaCha20-Poly1305 with a fresh nonce each time; the text names
//! the key it was sealed with: `sealed:<key id>:<nonce and ciphertext, URL-safe base64>`. The first key of the ring seals,
//! all open. Text without that mark is of before there were keys, and is read as it stands.

use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, Tag, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, DbErr, QueryResult, TryGetError, TryGetable, Value};

/// Before every sealed text.
pub const MARK: &str = "sealed:";
/// Before every sealed file.
const FILE_MARK: &[u8] = b"sealed\0";

/// The keys data is sealed with.
pub struct Keyring(Vec<(String, LessSafeKey)>);

static KEYRING: OnceLock<Keyring> = OnceLock::new();

#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// Sealed with a key that is not in the ring.
    UnknownKey(String),
    /// Cut, or changed by somebody.
    Broken,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey(id) => write!(f, "sealed with the key {id}, which OCOP_DATA_KEYS does not hold"),
            Self::Broken => f.write_str("sealed, and changed since"),
        }
    }
}

impl std::error::Error for Fault {}

impl Keyring {
    /// Pairs of a key's id and its 256 bits; the first seals. `None` where there is none, or an id cannot be one.
    pub fn new(pairs: &[(String, Vec<u8>)]) -> Option<Self> {
        let key = |(id, bytes): &(String, Vec<u8>)| {
            let fits = (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let key = UnboundKey::new(&CHACHA20_POLY1305, bytes).ok().filter(|_| fits)?;
            Some((id.clone(), LessSafeKey::new(key)))
        };
        let keys: Vec<_> = pairs.iter().map(key).collect::<Option<_>>()?;
        if keys.is_empty() { None } else { Some(Self(keys)) }
    }

    /// Makes this the process's ring; the first one stays.
    pub fn install(self) {
        let _ = KEYRING.set(self);
    }

    /// The process's ring.
    ///
    /// # Panics
    /// Where it was not installed: nothing that should be sealed may ever be written open instead.
    fn held() -> &'static Self {
        KEYRING.get().expect("the keyring is installed before a database is opened")
    }

    /// Seals where it lies; what stands before it, and what behind it.
    fn seal(&self, content: &mut [u8]) -> ([u8; NONCE_LEN], Tag) {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).expect("the system has random bytes");
        let (_, key) = &self.0[0];
        let tag = key.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), content);
        (nonce, tag.expect("shorter than 256 GB"))
    }

    /// Opens nonce, ciphertext and tag where they lie.
    fn open(&self, id: &str, mut sealed: Vec<u8>) -> Result<Vec<u8>, Fault> {
        let (_, key) = self.0.iter().find(|(known, _)| known == id).ok_or_else(|| Fault::UnknownKey(id.to_owned()))?;
        let nonce = sealed.get(..NONCE_LEN).and_then(|nonce| Nonce::try_assume_unique_for_key(nonce).ok());
        let nonce = nonce.ok_or(Fault::Broken)?;
        let open = key.open_within(nonce, Aad::empty(), &mut sealed, NONCE_LEN..).map_err(|_| Fault::Broken)?.len();
        sealed.truncate(open);
        Ok(sealed)
    }

    pub fn seal_text(&self, text: &str) -> String {
        let mut content = text.as_bytes().to_vec();
        let (nonce, tag) = self.seal(&mut content);
        let sealed = [nonce.as_slice(), &content, tag.as_ref()].concat();
        format!("{MARK}{}:{}", self.0[0].0, URL_SAFE_NO_PAD.encode(sealed))
    }

    pub fn open_text(&self, text: &str) -> Result<String, Fault> {
        let Some(sealed) = text.strip_prefix(MARK) else { return Ok(text.to_owned()) };
        let (id, sealed) = sealed.split_once(':').ok_or(Fault::Broken)?;
        let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| Fault::Broken)?;
        String::from_utf8(self.open(id, sealed)?).map_err(|_| Fault::Broken)
    }

    /// In three pieces, none of which is a copy of the content.
    pub fn seal_file(&self, mut content: Vec<u8>) -> [Vec<u8>; 3] {
        let (nonce, tag) = self.seal(&mut content);
        let head = [FILE_MARK, self.0[0].0.as_bytes(), b"\0", &nonce].concat();
        [head, content, tag.as_ref().to_vec()]
    }

    pub fn open_file(&self, mut content: Vec<u8>) -> Result<Vec<u8>, Fault> {
        let Some(sealed) = content.strip_prefix(FILE_MARK) else { return Ok(content) };
        let end = sealed.iter().take(64).position(|byte| *byte == 0).ok_or(Fault::Broken)?;
        let id = std::str::from_utf8(&sealed[..end]).map_err(|_| Fault::Broken)?.to_owned();
        content.drain(..=FILE_MARK.len() + end);
        self.open(&id, content)
    }
}

/// How texts begin that the held keys have sealed, the newest first.
pub fn held() -> Vec<String> {
    Keyring::held().0.iter().map(|(id, _)| format!("{MARK}{id}:")).collect()
}

/// How a text that the newest key has sealed begins.
pub fn newest() -> String {
    held().swap_remove(0)
}

/// Whether the newest key has sealed the file.
pub fn is_newest(content: &[u8]) -> bool {
    let mark = [FILE_MARK, Keyring::held().0[0].0.as_bytes(), b"\0"].concat();
    content.starts_with(&mark)
}

pub fn seal_file(content: Vec<u8>) -> [Vec<u8>; 3] {
    Keyring::held().seal_file(content)
}

pub fn open_file(content: Vec<u8>) -> Result<Vec<u8>, Fault> {
    Keyring::held().open_file(content)
}

/// A text of a column that is sealed. It is not printed, and not serialised.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Sealed(String);

impl Sealed {
    pub fn into_open(self) -> String {
        self.0
    }
}

impl Deref for Sealed {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<String> for Sealed {
    fn from(open: String) -> Self {
        Self(open)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

impl From<Sealed> for Value {
    fn from(text: Sealed) -> Self {
        Keyring::held().seal_text(&text.0).into()
    }
}

impl TryGetable for Sealed {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        let text = String::try_get_by(row, index)?;
        let open = Keyring::held().open_text(&text).map_err(|fault| DbErr::Type(fault.to_string()))?;
        Ok(Self(open))
    }
}

impl ValueType for Sealed {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        let text = <String as ValueType>::try_from(value)?;
        Keyring::held().open_text(&text).map(Self).map_err(|_| ValueTypeErr)
    }

    fn type_name() -> String {
        "Sealed".to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::String
    }

    fn column_type() -> ColumnType {
        ColumnType::Text
    }
}

impl Nullable for Sealed {
    fn null() -> Value {
        <String as Nullable>::null()
    }
}
