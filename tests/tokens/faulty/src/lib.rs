//! A PKCS#11 module that hands every call on to a real module, unless it has orders to fail.
//!
//! Two environment variables: `FAULTY_TOKEN_MODULE`, the real module, and `FAULTY_TOKEN_ORDERS`, a file that may be
//! missing and is read at every call (see `orders`).
#![allow(non_snake_case, reason = "PKCS#11 names its functions so")]

mod orders;

use std::env;
use std::path::Path;
use std::ptr;
use std::sync::OnceLock;

use cryptoki_sys::{
    CK_FUNCTION_LIST, CK_FUNCTION_LIST_PTR_PTR, CK_RV, CKR_ARGUMENTS_BAD, CKR_GENERAL_ERROR, CKR_OK, Pkcs11,
};

struct Module {
    real: CK_FUNCTION_LIST,
    ours: CK_FUNCTION_LIST,
    /// Keeps the functions where they are.
    _library: Pkcs11,
}

fn module() -> Option<&'static Module> {
    static MODULE: OnceLock<Option<Module>> = OnceLock::new();
    MODULE.get_or_init(|| load(Path::new(&env::var_os("FAULTY_TOKEN_MODULE")?))).as_ref()
}

fn load(path: &Path) -> Option<Module> {
    // SAFETY: a PKCS#11 module that a test names; loading it runs its initialisers.
    let library = unsafe { Pkcs11::new(path) }.ok()?;
    library.C_GetFunctionList.as_ref().ok()?;
    let mut list = ptr::null_mut();
    // SAFETY: the symbol is there, and the module writes one pointer to where it is told.
    if unsafe { library.C_GetFunctionList(&raw mut list) } != CKR_OK || list.is_null() {
        return None;
    }
    // SAFETY: PKCS#11 2.40, section 5.4: it points to the module's function list.
    let real = unsafe { ptr::read_unaligned(list) };
    let mut ours = real;
    ours.C_GetFunctionList = Some(C_GetFunctionList);
    put_before(&mut ours);
    Some(Module { real, ours, _library: library })
}

/// The one function that is looked up by name.
///
/// # Safety
/// As PKCS#11 2.40, section 5.4: `list` points to where a pointer may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn C_GetFunctionList(list: CK_FUNCTION_LIST_PTR_PTR) -> CK_RV {
    if list.is_null() {
        return CKR_ARGUMENTS_BAD;
    }
    let Some(module) = module() else { return CKR_GENERAL_ERROR };
    // SAFETY: not null, and the caller's promise; callers read the list and never write it.
    unsafe { list.write((&raw const module.ours).cast_mut()) };
    CKR_OK
}

/// Functions by name and arguments. Every argument in PKCS#11 is an integer or a pointer that fills one register, so
/// functions differ in the number of their arguments only, and words can be handed on without knowing what they mean.
macro_rules! functions {
    ($($name:ident($($argument:ident)*))*) => {
        $(extern "C" fn $name($($argument: usize),*) -> CK_RV {
            type Function = extern "C" fn($(functions!(@word $argument)),*) -> CK_RV;
            let Some(real) = module().and_then(|module| module.real.$name) else { return CKR_GENERAL_ERROR };
            // SAFETY: same number of arguments, each one register wide (above).
            let real: Function = unsafe { std::mem::transmute(real) };
            orders::obey(stringify!($name), || real($($argument),*))
        })*

        fn put_before(list: &mut CK_FUNCTION_LIST) {
            // SAFETY: as above; what a module lacks stays missing.
            $(list.$name = list.$name.map(|_| unsafe { std::mem::transmute($name as *const ()) });)*
        }
    };
    (@word $argument:ident) => { usize };
}

functions! {
    C_Initialize(a)
    C_Finalize(a)
    C_GetInfo(a)
    C_GetSlotList(a b c)
    C_GetSlotInfo(a b)
    C_GetTokenInfo(a b)
    C_GetMechanismList(a b c)
    C_GetMechanismInfo(a b c)
    C_OpenSession(a b c d e)
    C_CloseSession(a)
    C_CloseAllSessions(a)
    C_GetSessionInfo(a b)
    C_Login(a b c d)
    C_Logout(a)
    C_CreateObject(a b c d)
    C_CopyObject(a b c d e)
    C_DestroyObject(a b)
    C_GetAttributeValue(a b c d)
    C_SetAttributeValue(a b c d)
    C_FindObjectsInit(a b c)
    C_FindObjects(a b c d)
    C_FindObjectsFinal(a)
    C_EncryptInit(a b c)
    C_Encrypt(a b c d e)
    C_DecryptInit(a b c)
    C_Decrypt(a b c d e)
    C_SignInit(a b c)
    C_Sign(a b c d e)
    C_GenerateKey(a b c d e)
    C_GenerateKeyPair(a b c d e f g h)
    C_WrapKey(a b c d e f)
    C_UnwrapKey(a b c d e f g h)
    C_DeriveKey(a b c d e f)
    C_GenerateRandom(a b c)
}
