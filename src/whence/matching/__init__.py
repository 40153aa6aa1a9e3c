"""Two sides of lines, each an amount on a day: matched by evidence in stated passes, and every difference named.

Read it in this order: `sides`, what is compared; `passes`, how lines find each other; `comparing`, what is left and
what it comes to. Where the lines come from, and what becomes of a difference, is left to those who ask."""
