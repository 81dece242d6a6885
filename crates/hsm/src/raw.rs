//! The only unsafe code of the product: PKCS#11 calls that the `cryptoki` crate cannot make, or makes twice.
//!
//! - C_GenerateKey with CKA_UNWRAP_TEMPLATE, an attribute whose value is an array of attributes, which `cryptoki` 0.12 does
//!   not have. Without it whoever holds the PIN and a wrapped blob could unwrap the key into the open.
//! - C_GetAttributeValue of a key's CKA_VALUE straight into memory that is wiped; `cryptoki` reads it into a buffer that
//!   it frees as it is.
//!
//! The module is loaded a second time, which yields the library that is already loaded, so that sessions and handles of
//! `cryptoki` are valid here.
#![allow(unsafe_code)]

use std::path::Path;
use std::ptr;

use cryptoki::context::Function;
use cryptoki::error::{Error, Result, Rv, RvError};
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use cryptoki_sys::{
    CK_ATTRIBUTE, CK_ATTRIBUTE_TYPE, CK_BBOOL, CK_FALSE, CK_FUNCTION_LIST, CK_KEY_TYPE, CK_MECHANISM, CK_OBJECT_CLASS,
    CK_TRUE, CK_ULONG, CKA_CLASS, CKA_COPYABLE, CKA_DECRYPT, CKA_DERIVE, CKA_ENCRYPT, CKA_EXTRACTABLE, CKA_ID,
    CKA_KEY_TYPE, CKA_LABEL, CKA_MODIFIABLE, CKA_PRIVATE, CKA_SENSITIVE, CKA_SIGN, CKA_TOKEN, CKA_UNWRAP,
    CKA_UNWRAP_TEMPLATE, CKA_VALUE, CKA_VALUE_LEN, CKA_VERIFY, CKA_WRAP, CKK_AES, CKM_AES_KEY_GEN, CKM_AES_KEY_WRAP,
    CKO_SECRET_KEY,
};
use km_domain::SecretBytes;

/// The loaded module's function list.
pub(crate) struct RawModule {
    functions: CK_FUNCTION_LIST,
    /// Keeps the functions where they are.
    _library: cryptoki_sys::Pkcs11,
}

/// What a root is made with.
pub(crate) struct RootTemplate<'a> {
    /// A token object; otherwise a session object, for trying out.
    pub(crate) token: bool,
    pub(crate) id: &'a [u8],
    pub(crate) label: &'a str,
    /// Whether what it unwraps is forced to be sensitive and not extractable.
    pub(crate) unwrap_template: bool,
}

impl RawModule {
    pub(crate) fn load(path: &Path) -> Result<Self> {
        // SAFETY: loading runs the library's initialisers; `cryptoki` has loaded the same one before.
        let library = unsafe { cryptoki_sys::Pkcs11::new(path) }.map_err(Error::LibraryLoading)?;
        if library.C_GetFunctionList.is_err() {
            return Err(Error::MissingSymbol("C_GetFunctionList"));
        }
        let mut list: *mut CK_FUNCTION_LIST = ptr::null_mut();
        // SAFETY: the symbol is there, and the module writes one pointer to where it is told.
        Rv::from(unsafe { library.C_GetFunctionList(&raw mut list) }).into_result(Function::GetFunctionList)?;
        if list.is_null() {
            return Err(Error::NullFunctionPointer);
        }
        // SAFETY: not null, and by PKCS#11 2.40, section 5.4, it points to the module's function list.
        let functions = unsafe { ptr::read_unaligned(list) };
        Ok(Self { functions, _library: library })
    }

    /// Generates an AES-256 key that wraps and unwraps and does nothing else; sensitive, not extractable, not modifiable,
    /// not copyable.
    pub(crate) fn generate_root(&self, session: &Session, root: &RootTemplate<'_>) -> Result<ObjectHandle> {
        let generate = self.functions.C_GenerateKey.ok_or(Error::NullFunctionPointer)?;
        let (yes, no): (CK_BBOOL, CK_BBOOL) = (CK_TRUE, CK_FALSE);
        let token: CK_BBOOL = if root.token { CK_TRUE } else { CK_FALSE };
        let class: CK_OBJECT_CLASS = CKO_SECRET_KEY;
        let key_type: CK_KEY_TYPE = CKK_AES;
        let length: CK_ULONG = 32;
        let unwrapped = [attribute(CKA_SENSITIVE, &yes), attribute(CKA_EXTRACTABLE, &no)];
        let mut template = vec![
            attribute(CKA_CLASS, &class),
            attribute(CKA_KEY_TYPE, &key_type),
            attribute(CKA_VALUE_LEN, &length),
            attribute(CKA_TOKEN, &token),
            attribute(CKA_PRIVATE, &yes),
            attribute(CKA_SENSITIVE, &yes),
            attribute(CKA_EXTRACTABLE, &no),
            attribute(CKA_MODIFIABLE, &no),
            attribute(CKA_COPYABLE, &no),
            attribute(CKA_WRAP, &yes),
            attribute(CKA_UNWRAP, &yes),
            attribute(CKA_ENCRYPT, &no),
            attribute(CKA_DECRYPT, &no),
            attribute(CKA_SIGN, &no),
            attribute(CKA_VERIFY, &no),
            attribute(CKA_DERIVE, &no),
            attribute(CKA_ID, root.id),
            attribute(CKA_LABEL, root.label.as_bytes()),
        ];
        if root.unwrap_template {
            template.push(attribute(CKA_UNWRAP_TEMPLATE, &unwrapped[..]));
        }
        let mut mechanism = CK_MECHANISM { mechanism: CKM_AES_KEY_GEN, pParameter: ptr::null_mut(), ulParameterLen: 0 };
        let mut handle = 0;
        let count = CK_ULONG::try_from(template.len())?;
        // SAFETY: every pointer in the template points to a value above that outlives the call, with its own length; the
        // module reads them only (C_GenerateKey, section 5.13) and writes one handle.
        let code =
            unsafe { generate(session.handle(), &raw mut mechanism, template.as_mut_ptr(), count, &raw mut handle) };
        Rv::from(code).into_result(Function::GenerateKey)?;
        // SAFETY: the module has just given this handle out.
        Ok(unsafe { ObjectHandle::new_from_raw(handle) })
    }

    /// Wraps a key of 32 bytes by AES Key Wrap (RFC 3394): 40 bytes. `cryptoki` asks for the length first, for which a token
    /// may do all the work once more.
    pub(crate) fn wrap_32_bytes(&self, session: &Session, kek: ObjectHandle, key: ObjectHandle) -> Result<Vec<u8>> {
        let wrap = self.functions.C_WrapKey.ok_or(Error::NullFunctionPointer)?;
        let mut mechanism =
            CK_MECHANISM { mechanism: CKM_AES_KEY_WRAP, pParameter: ptr::null_mut(), ulParameterLen: 0 };
        let (mut wrapped, mut length) = (vec![0_u8; 40], 40);
        // SAFETY: the module writes at most `length` bytes to `wrapped`, and their number to `length`.
        let code = unsafe {
            wrap(
                session.handle(),
                &raw mut mechanism,
                kek.handle(),
                key.handle(),
                wrapped.as_mut_ptr(),
                &raw mut length,
            )
        };
        Rv::from(code).into_result(Function::WrapKey)?;
        if length != 40 {
            return Err(Error::Pkcs11(RvError::KeySizeRange, Function::WrapKey));
        }
        Ok(wrapped)
    }

    /// Reads the 32 bytes of a key that may be read.
    pub(crate) fn read_32_bytes(&self, session: &Session, object: ObjectHandle) -> Result<SecretBytes> {
        let read = self.functions.C_GetAttributeValue.ok_or(Error::NullFunctionPointer)?;
        let mut value = zeroize::Zeroizing::new(vec![0_u8; 32]);
        let mut template = CK_ATTRIBUTE { type_: CKA_VALUE, pValue: value.as_mut_ptr().cast(), ulValueLen: 32 };
        // SAFETY: the module writes at most 32 bytes to `value`, and the length to `template`.
        let code = unsafe { read(session.handle(), object.handle(), &raw mut template, 1) };
        Rv::from(code).into_result(Function::GetAttributeValue)?;
        if template.ulValueLen != 32 {
            return Err(Error::Pkcs11(RvError::KeySizeRange, Function::GetAttributeValue));
        }
        Ok(SecretBytes::from(value))
    }
}

/// The module does not write through attributes that it is given to read, though the type says that it might.
fn attribute<T: ?Sized>(kind: CK_ATTRIBUTE_TYPE, value: &T) -> CK_ATTRIBUTE {
    CK_ATTRIBUTE {
        type_: kind,
        pValue: ptr::from_ref(value).cast_mut().cast(),
        ulValueLen: size_of_val(value) as CK_ULONG,
    }
}
