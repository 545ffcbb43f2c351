"""What unikernels are built with: bases, images, builds, and what a build leaves behind."""
