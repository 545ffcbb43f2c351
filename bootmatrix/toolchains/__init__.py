"""What a unikernel is built with: bases, images, builds, and what a build leaves behind."""
