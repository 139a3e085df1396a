"""`python -m sintonia` is the command `sintonia`; a launcher such as torchrun needs it in this form."""

import sys

from sintonia.cli import main

if __name__ == "__main__":
    sys.exit(main())
