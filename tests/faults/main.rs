//! Bad days: each test causes a fault, and sees what is refused meanwhile, that nothing is lost, and that service resumes by
//! itself.

mod token;
