"""Benchmark problems with exact fronts, as ordinary pymoo problems (NumPy only).

- ``imf``: IMF1 to IMF10, linked variables, two and three objectives;
- ``uf``: UF1 to UF10 of CEC 2009, complicated Pareto sets, disconnected fronts;
- ``lz09``: LZ09's F1 to F9, complicated Pareto sets;
- ``lsmop``: LSMOP1 to LSMOP9, hundreds of variables in unequal groups, any number of objectives;
- ``dtlz``: DTLZ5 to DTLZ7 with fronts that need no download;
- ``fronts``: exact fronts of DTLZ5-7 and WFG1-9, and `reference_front` for any problem;
- ``multitask``: suites of multiobjective tasks that are optimized together, from CEC 2017 to 2021;
- ``transforms``: `shifted` and `rotated` twins whose optimum lies off the box's corners, faces and centre.

Import from the file: ``from evogan.problems.imf import IMF1``.
"""
